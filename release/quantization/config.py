"""`quantization_config` of compressed-tensors, parsed without torch.

Lenient where a reader can go on, exact about what is wrong: every violation is a `Problem` with its
path in config.json. Keys and validation follow compressed_tensors' quant_args and quant_scheme.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

import msgspec

from release.quantization.arguments import STRATEGIES, Args, Problem, parse_args
from release.quantization.presets import preset
from release.quantization.transforms import Rotation, check_transforms, rotations

METHOD = "compressed-tensors"
INPUT_STRATEGIES = STRATEGIES - {"channel", "block"}
GROUP_KEYS = {"targets", "weights", "input_activations", "output_activations", "format"}
ROOT = "quantization_config"
MIXED, DENSE = "mixed-precision", "dense"
FORMATS = {
    *(DENSE, MIXED, "int-quantized", "float-quantized", "naive-quantized", "pack-quantized"),
    *("nvfp4-pack-quantized", "mxfp4-pack-quantized", "mxfp6-pack-quantized", "mxfp8-quantized"),
    *("sparse-bitmask", "sparse-24-bitmask", "marlin-24"),
}
KEYS = frozenset(
    {
        *("config_groups", "format", "global_compression_ratio", "ignore", "kv_cache_scheme"),
        *("quant_method", "quantization_status", "sparsity_config", "transform_config", "version"),
    }
)
COMPRESSED = "compressed"
STATUSES = {"initialized", "calibration", "frozen", COMPRESSED, "decompressed"}


class ConfigGroup(msgspec.Struct, frozen=True):
    """A config group: the targets it claims and how their tensors are quantized.

    `path` is where it stands in config.json. `preset` names the scheme of a group that is only a
    list of targets. `unreadable`: a value in its arguments is wrong, so that none is sure.
    """

    name: str
    targets: tuple[str, ...]
    weights: Args | None = None
    input_activations: Args | None = None
    output_activations: Args | None = None
    format: str | None = None
    path: str = ""
    preset: str | None = None
    unreadable: bool = False

    @property
    def scheme_key(self) -> tuple[object, ...]:
        """What makes two groups the same to a reader: everything but name and targets."""
        return self.weights, self.input_activations, self.output_activations, self.format


class QuantizationConfig(msgspec.Struct, frozen=True):
    """The declared quantization of a checkpoint, and what is wrong with the declaration.

    `path` is where it stands in config.json, "" if there is none; `keys` are its keys, `legacy`
    the names of parts that compressed-tensors no longer has.
    """

    groups: tuple[ConfigGroup, ...]
    ignore: tuple[str, ...]
    format: str | None
    status: str | None
    kv_cache_scheme: Args | None
    version: str | None
    problems: tuple[Problem, ...] = ()
    path: str = ""
    keys: tuple[str, ...] = ()
    transformed: bool = False
    rotations: tuple[Rotation, ...] = ()
    sparsity: bool = False

    @property
    def wrong(self) -> frozenset[str]:
        """The top-level keys that have a problem."""
        start = f"{self.path}."
        return frozenset(p.path.removeprefix(start).partition(".")[0] for p in self.problems)

    def group(self, name: str) -> ConfigGroup:
        """Look a group up by its name. Raises `KeyError`."""
        return {group.name: group for group in self.groups}[name]

    @property
    def doubled(self) -> frozenset[str]:
        """The targets of several groups that differ: the last one has the modules."""
        owners: dict[str, ConfigGroup] = {}
        return frozenset(
            target
            for group in self.groups
            for target in group.targets
            if owners.setdefault(target, group).scheme_key != group.scheme_key
        )

    def storage_format(self, group: ConfigGroup) -> str | None:
        """The format a group is stored in: its own, else the top-level one if that names one."""
        if group.format:
            return group.format
        return None if self.format in {None, MIXED} else self.format


UNDECLARED = QuantizationConfig((), (), None, None, None, None)
"""What claims nothing."""


def find_quantization(config: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Find the declaration where vLLM looks for it; returns its path and value, or None."""
    for path in ("quantization_config", "compression_config"):
        if config.get(path):
            return path, config[path]
    text = config.get("text_config")
    if isinstance(text, dict) and text.get("quantization_config"):
        return "text_config.quantization_config", text["quantization_config"]
    return None


def canonical_method(method: Any) -> str | None:
    """Spell a quant_method as vLLM does: in lower case, compressed-tensors with its hyphen."""
    if not isinstance(method, str):
        return None
    return method.lower().replace("compressed_tensors", METHOD)


def parse_quantization(raw: Mapping[str, Any], path: str = ROOT) -> QuantizationConfig:
    """Parse a compressed-tensors declaration. Never raises: see `problems`."""
    problems: list[Problem] = []
    groups = parse_groups(raw.get("config_groups"), f"{path}.config_groups", problems)
    ignore = raw.get("ignore", [])
    if ignore is not None and not _strings(ignore):
        problems.append(Problem(f"{path}.ignore", "must be a list of strings"))
        ignore = None
    status = raw.get("quantization_status", COMPRESSED)
    if _text(status) not in STATUSES:
        problems.append(Problem(f"{path}.quantization_status", f"has the value {status!r:.40}"))
    if not isinstance(raw.get("format", ""), str):
        problems.append(Problem(f"{path}.format", "must be a string"))
    problems += check_transforms(raw.get("transform_config"), f"{path}.transform_config")
    return QuantizationConfig(
        groups=tuple(groups),
        ignore=tuple(ignore or ()),
        format=_text(raw.get("format")),
        status=_text(raw.get("quantization_status")),
        kv_cache_scheme=parse_args(raw.get("kv_cache_scheme"), f"{path}.kv_cache_scheme", problems),
        version=_text(raw.get("version")),
        problems=tuple(problems),
        path=path,
        keys=tuple(raw),
        transformed=bool(raw.get("transform_config")),
        rotations=tuple(rotations(raw.get("transform_config"))),
        sparsity=_is_sparse(raw.get("sparsity_config")),
    )


def _is_sparse(raw: Any) -> bool:
    """Whether weights are sparse; older versions wrote down dense ones too, without targets."""
    return bool(raw.get("targets")) if isinstance(raw, dict) else bool(raw)


def parse_groups(raw: Any, path: str, problems: list[Problem]) -> list[ConfigGroup]:
    """Parse config groups by name, presets spelt out; what is wrong is added to `problems`."""
    if not isinstance(raw, dict):
        problems.append(Problem(path, "is missing, or not an object"))
        return []
    groups = []
    for name, value in raw.items():
        place = f"{path}.{name}"
        if isinstance(value, dict):
            groups.append(_group(name, value, place, problems))
        elif not _strings(value):
            problems.append(Problem(place, "must be an object, or a list of targets"))
        elif (known := preset(name)) is None:
            problems.append(Problem(place, f"{name!r:.40} is no preset scheme"))
        else:
            group = _group(name, {"targets": value, **known}, place, problems)
            groups.append(msgspec.structs.replace(group, preset=name.upper()))
    return groups


def _group(name: str, raw: dict[str, Any], path: str, problems: list[Problem]) -> ConfigGroup:
    problems += [
        Problem(f"{path}.{key}", "is no key of a config group; vLLM refuses it", extra=True)
        for key in raw
        if key not in GROUP_KEYS
    ]
    targets = raw.get("targets")
    if not _strings(targets):
        problems.append(Problem(f"{path}.targets", "must be a list of strings"))
        targets = []
    before = len(problems)
    parts = {
        part: parse_args(raw.get(part), f"{path}.{part}", problems)
        for part in ("weights", "input_activations", "output_activations")
    }
    inputs = parts["input_activations"]
    if inputs and inputs.strategy not in INPUT_STRATEGIES:
        what = f"strategy {inputs.strategy!r} is not supported for activations"
        problems.append(Problem(f"{path}.input_activations.strategy", what))
    problems += [
        Problem(f"{path}.{part}.actorder", "is for weights only")
        for part in ("input_activations", "output_activations")
        if (args := parts[part]) and args.actorder is not None
    ]
    stored = raw.get("format")
    if stored == MIXED:
        problems.append(Problem(f"{path}.format", f"{MIXED!r} is only for the top level"))
    elif stored is not None and _text(stored) not in FORMATS:
        problems.append(Problem(f"{path}.format", f"is {stored!r:.40}, no known format"))
    return ConfigGroup(
        name=name,
        targets=tuple(targets),
        format=_text(stored),
        path=path,
        unreadable=any(not problem.extra for problem in problems[before:]),
        weights=parts["weights"],
        input_activations=inputs,
        output_activations=parts["output_activations"],
    )


def _strings(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
