"""`quantization_config` of compressed-tensors, parsed without torch.

Lenient where a reader can go on, exact about what is wrong: every violation is a `Problem` with its
path in config.json. Keys and validation follow compressed_tensors' quant_args and quant_scheme.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from release.quantization.presets import preset

METHOD = "compressed-tensors"
STRATEGIES = {"tensor", "channel", "group", "block", "token", "tensor_group", "attn_head"}
INPUT_STRATEGIES = STRATEGIES - {"channel", "block"}
GROUP_KEYS = {"targets", "weights", "input_activations", "output_activations", "format"}
GROUPED = {"group", "tensor_group"}
DYNAMIC_STRATEGIES = {"token", "tensor", "tensor_group", "group"}


class Problem(msgspec.Struct, frozen=True):
    """One thing that compressed_tensors or vLLM would refuse; `path` is inside config.json."""

    path: str
    what: str


class Args(msgspec.Struct, frozen=True):
    """How one tensor of a module is quantized (QuantizationArgs); `group_size` in columns."""

    num_bits: int = 8
    type: str = "int"
    symmetric: bool = True
    group_size: int | None = None
    strategy: str = "tensor"
    block_structure: tuple[int, int] | None = None
    dynamic: bool | str = False
    actorder: str | bool | None = None
    scale_dtype: str | None = None


class ConfigGroup(msgspec.Struct, frozen=True):
    """A config group: the targets it claims and how their tensors are quantized."""

    name: str
    targets: tuple[str, ...]
    weights: Args | None = None
    input_activations: Args | None = None
    output_activations: Args | None = None
    format: str | None = None

    @property
    def path(self) -> str:
        """Where it stands in config.json."""
        return f"quantization_config.config_groups.{self.name}"


class QuantizationConfig(msgspec.Struct, frozen=True):
    """The declared quantization of a checkpoint, and what is wrong with the declaration."""

    groups: tuple[ConfigGroup, ...]
    ignore: tuple[str, ...]
    format: str | None
    status: str | None
    kv_cache_scheme: Args | None
    version: str | None
    problems: tuple[Problem, ...] = ()

    def group(self, name: str) -> ConfigGroup:
        """Look a group up by its name. Raises `KeyError`."""
        return {group.name: group for group in self.groups}[name]

    def storage_format(self, group: ConfigGroup) -> str | None:
        """The format a group is stored in: its own, else the top-level one if that names one."""
        if group.format:
            return group.format
        return None if self.format in {None, "mixed-precision"} else self.format


def find_quantization(config: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Find the declaration where vLLM looks for it; returns its path and value, or None."""
    for path in ("quantization_config", "compression_config"):
        if config.get(path):
            return path, config[path]
    text = config.get("text_config")
    if isinstance(text, dict) and text.get("quantization_config"):
        return "text_config.quantization_config", text["quantization_config"]
    return None


def parse_quantization(raw: Mapping[str, Any]) -> QuantizationConfig:
    """Parse a compressed-tensors declaration. Never raises: see `problems`."""
    problems: list[Problem] = []
    root = "quantization_config"
    groups = _groups(raw.get("config_groups"), f"{root}.config_groups", problems)
    ignore = raw.get("ignore") or []
    if not _strings(ignore):
        problems.append(Problem(f"{root}.ignore", "must be a list of strings"))
        ignore = []
    kv = _args(raw.get("kv_cache_scheme"), f"{root}.kv_cache_scheme", problems)
    return QuantizationConfig(
        groups=tuple(groups),
        ignore=tuple(ignore),
        format=_text(raw.get("format")),
        status=_text(raw.get("quantization_status")),
        kv_cache_scheme=kv,
        version=_text(raw.get("version")),
        problems=tuple(problems),
    )


def _groups(raw: Any, path: str, problems: list[Problem]) -> list[ConfigGroup]:
    if not isinstance(raw, dict):
        problems.append(Problem(path, "is missing, or not an object"))
        return []
    groups = []
    for name, value in raw.items():
        entry = value
        if isinstance(value, list):
            known = preset(name)
            if known is None:
                problems.append(Problem(f"{path}.{name}", f"{name!r} is no preset scheme"))
                continue
            entry = {"targets": value, **known}
        if isinstance(entry, dict):
            groups.append(_group(name, entry, f"{path}.{name}", problems))
        else:
            problems.append(Problem(f"{path}.{name}", "must be an object, or a list of targets"))
    return groups


def _group(name: str, raw: dict[str, Any], path: str, problems: list[Problem]) -> ConfigGroup:
    problems += [
        Problem(f"{path}.{key}", "is no key of a config group; vLLM refuses it")
        for key in raw
        if key not in GROUP_KEYS
    ]
    targets = raw.get("targets")
    if not _strings(targets) or not targets:
        problems.append(Problem(f"{path}.targets", "must be a non-empty list of strings"))
        targets = []
    inputs = _args(raw.get("input_activations"), f"{path}.input_activations", problems)
    if inputs and inputs.strategy not in INPUT_STRATEGIES:
        what = f"strategy {inputs.strategy!r} is not supported for activations"
        problems.append(Problem(f"{path}.input_activations.strategy", what))
    if raw.get("format") == "mixed-precision":
        problems.append(Problem(f"{path}.format", "'mixed-precision' is only for the top level"))
    return ConfigGroup(
        name=name,
        targets=tuple(targets),
        weights=_args(raw.get("weights"), f"{path}.weights", problems),
        input_activations=inputs,
        output_activations=_args(
            raw.get("output_activations"), f"{path}.output_activations", problems
        ),
        format=_text(raw.get("format")),
    )


_ARGS_KEYS = {*Args.__struct_fields__, "observer", "observer_kwargs", "zp_dtype"}
_ARGS_TYPES: dict[str, tuple[type, ...]] = {
    "num_bits": (int,),
    "type": (str,),
    "symmetric": (bool,),
    "group_size": (int, type(None)),
    "strategy": (str, type(None)),
    "dynamic": (bool, str),
    "actorder": (str, bool, type(None)),
    "scale_dtype": (str, type(None)),
}


def _args(raw: Any, path: str, problems: list[Problem]) -> Args | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        problems.append(Problem(path, "must be an object"))
        return None
    problems += [
        Problem(f"{path}.{key}", "is no quantization argument; vLLM refuses it")
        for key in raw
        if key not in _ARGS_KEYS
    ]
    wrong = [
        key
        for key, types in _ARGS_TYPES.items()
        if key in raw
        and (not isinstance(raw[key], types) or (type(raw[key]) is bool and bool not in types))
    ]
    if wrong:
        problems += [Problem(f"{path}.{key}", f"has the value {raw[key]!r:.40}") for key in wrong]
        return None
    known = {key: raw[key] for key in _ARGS_TYPES if key in raw}
    strategy = (known.get("strategy") or _implied(known.get("group_size"))).lower()
    known["type"] = known.get("type", "int").lower()
    block = _block(raw.get("block_structure"), path, problems)
    args = Args(**{**known, "strategy": strategy, "block_structure": block})
    problems += [Problem(f"{path}.{key}", what) for key, what in _violations(args)]
    return args


def _implied(group_size: int | None) -> str:
    if group_size is None:
        return "tensor"
    return "channel" if group_size == -1 else "group"


def _block(raw: Any, path: str, problems: list[Problem]) -> tuple[int, int] | None:
    if raw is None:
        return None
    if isinstance(raw, str):
        parts = raw.split("x")
        raw = [int(part) if part.isascii() and part.isdigit() else 0 for part in parts]
    if isinstance(raw, list) and len(raw) == 2 and all(type(n) is int and n > 0 for n in raw):  # noqa: PLR2004
        return raw[0], raw[1]
    problems.append(Problem(f"{path}.block_structure", "must be [rows, columns]"))
    return None


def _violations(args: Args) -> list[tuple[str, str]]:
    size = args.group_size
    grouped = args.strategy in GROUPED
    rules = [
        ("type", args.type not in {"int", "float"}, f"is {args.type!r}, not 'int' or 'float'"),
        ("strategy", args.strategy not in STRATEGIES, f"is {args.strategy!r}, no known strategy"),
        (
            "num_bits",
            (args.type == "float" and args.num_bits not in {4, 8}) or not 1 <= args.num_bits <= 16,  # noqa: PLR2004
            f"is {args.num_bits}, which no {args.type} scheme has",
        ),
        (
            "group_size",
            grouped and (size is None or size <= 0),
            f"is {size}, but strategy is group",
        ),
        (
            "group_size",
            size is not None and size > 0 and not grouped,
            f"is {size}, but strategy is {args.strategy!r}",
        ),
        ("group_size", size is not None and size < -1, f"is {size}"),
        (
            "block_structure",
            (args.strategy == "block") != (args.block_structure is not None),
            "goes with strategy 'block', and only with it",
        ),
        (
            "dynamic",
            args.strategy == "token" and not args.dynamic,
            "is false, but tokens are dynamic",
        ),
        (
            "dynamic",
            bool(args.dynamic) and args.strategy not in DYNAMIC_STRATEGIES,
            f"is {args.dynamic!r}, but strategy is {args.strategy!r}",
        ),
        (
            "dynamic",
            isinstance(args.dynamic, str)
            and (args.dynamic != "local" or args.strategy != "tensor_group"),
            f"is {args.dynamic!r}; only 'local' with strategy 'tensor_group' is known",
        ),
        (
            "actorder",
            args.actorder is True or args.actorder in {"group", "dynamic"},
            f"is {args.actorder!r}, which compressed-tensors 0.19 and vLLM 0.32 refuse",
        ),
        (
            "symmetric",
            args.type == "float" and args.num_bits == 4 and not args.symmetric,  # noqa: PLR2004
            "is false, but FP4 has no zero point",
        ),
    ]
    return [(key, what) for key, broken, what in rules if broken]


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
