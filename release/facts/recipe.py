"""recipe.yaml: what llm-compressor was told to do, read as data and never as objects."""

from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError
from release.quantization.arguments import Args, Problem, parse_args
from release.quantization.config import ConfigGroup, parse_groups

RECIPE_FILE = "recipe.yaml"
SIZE_CAP = 256 << 10  # pure Python parses this in about two seconds
STAGE, MODIFIERS, MODIFIER = "_stage", "_modifiers", "Modifier"


class Modifier(msgspec.Struct, frozen=True):
    """One step of a recipe: `name` as written (GPTQModifier), `path` where it stands.

    `groups` are the schemes it gives out, presets spelt out; empty for steps that only prepare
    (SmoothQuantModifier, AWQModifier, SpinQuantModifier, QuIPModifier).
    """

    name: str
    path: str
    groups: tuple[ConfigGroup, ...] = ()
    ignore: tuple[str, ...] = ()
    kv_cache_scheme: Args | None = None

    @property
    def method(self) -> str:
        """The name without its ending: GPTQ, AWQ, SmoothQuant; Quantization is plain rounding."""
        return self.name.removesuffix(MODIFIER)


class Recipe(msgspec.Struct, frozen=True):
    """The steps of recipe.yaml in their order; none if the file is not there.

    `problem` says why it cannot be read; `modifiers` is empty then.
    """

    modifiers: tuple[Modifier, ...] = ()
    problem: str | None = None

    @property
    def methods(self) -> frozenset[str]:
        """The methods used: {"GPTQ"}, {"SmoothQuant", "Quantization"}..."""
        return frozenset(modifier.method for modifier in self.modifiers)


def provide_recipe(checkpoint: Checkpoint) -> Recipe:
    """Read the recipe, if there is one."""
    info = checkpoint.files.get(RECIPE_FILE)
    if info is None or not info.size:  # F106 says that it is empty
        return Recipe()
    if info.size > SIZE_CAP:
        return Recipe(problem=f"has {info.size:,} bytes")
    try:
        return parse_recipe(checkpoint.read_text(RECIPE_FILE))
    except CheckpointError as error:
        return Recipe(problem=error.what)


def parse_recipe(text: str) -> Recipe:
    """Parse a recipe of any version: stages that hold modifiers by name. Never raises."""
    from yaml import YAMLError  # noqa: PLC0415 - not needed by most commands

    try:
        document = _load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        return Recipe(problem=f"is not YAML: {str(error).splitlines()[0]:.100}")
    if not isinstance(document, dict):
        return Recipe(problem="is not a mapping of stages")
    found: list[Modifier] = []
    for stage, value in document.items():
        if isinstance(stage, str) and stage.endswith(STAGE) and isinstance(value, dict):
            for key, entry in value.items():
                if isinstance(key, str) and key.endswith(MODIFIERS):
                    found += (
                        _modifier(name, settings, f"{stage}.{key}.{name}")
                        for name, settings in _named(entry)
                    )
    return Recipe(tuple(found))


def _load(text: str) -> Any:
    """Parse YAML without making objects; aliases are kept, merges, which can explode, are not."""
    import yaml  # noqa: PLC0415 - not needed by most commands

    class Loader(yaml.SafeLoader):
        """SafeLoader, for recipes that name Python types and for those of strangers."""

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            """Leave `<<` as a key like any other."""

    def plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
        if isinstance(node, yaml.SequenceNode):
            items = loader.construct_sequence(node, deep=True)
            return items[0] if len(items) == 1 else items
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    Loader.add_multi_constructor("", plain)
    return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader


def _named(entry: Any) -> list[tuple[str, dict[str, Any]]]:
    """Modifiers by name, whether they stand in a mapping or in a list of mappings."""
    parts = entry if isinstance(entry, list) else [entry]
    return [
        (name, settings if isinstance(settings, dict) else {})
        for part in parts
        if isinstance(part, dict)
        for name, settings in part.items()
        if isinstance(name, str)
    ]


def _modifier(name: str, settings: dict[str, Any], path: str) -> Modifier:
    problems: list[Problem] = []  # what the recipe says wrongly, llm-compressor has refused
    groups = settings.get("config_groups") or _of_scheme(settings)
    order = settings.get("actorder")
    parsed = parse_groups(groups, path, problems)
    return Modifier(
        name=name,
        path=path,
        groups=tuple(_ordered(group, order) for group in parsed),
        ignore=tuple(_texts(settings.get("ignore"))),
        kv_cache_scheme=parse_args(settings.get("kv_cache_scheme"), path, problems),
    )


def _of_scheme(settings: dict[str, Any]) -> dict[str, Any]:
    """The groups that `scheme` and `targets` stand for."""
    scheme, targets = settings.get("scheme"), _texts(settings.get("targets")) or ["Linear"]
    if isinstance(scheme, str):
        return {scheme: targets}
    if not isinstance(scheme, dict):
        return {}
    if "weights" in scheme or "input_activations" in scheme:
        return {"group_0": {**scheme, "targets": targets}}
    return {str(name): _texts(value) for name, value in scheme.items()}


def _ordered(group: ConfigGroup, order: Any) -> ConfigGroup:
    """A group with the order of columns that GPTQ sets for all."""
    if group.weights is None or not isinstance(order, str):
        return group
    weights = msgspec.structs.replace(group.weights, actorder=order)
    return msgspec.structs.replace(group, weights=weights)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [entry for entry in values if isinstance(entry, str)]
