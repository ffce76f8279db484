"""Preset schemes: a config group may be a preset's name and its targets."""

import re
from collections.abc import Mapping
from typing import Any

from release.quantization.arguments import Args, parse_args

_FP4 = {"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}
_MX4 = {"num_bits": 4, "type": "float", "strategy": "group", "group_size": 32}
_MX8 = {"num_bits": 8, "type": "float", "strategy": "group", "group_size": 32}
_MX6 = {"num_bits": 6, "type": "float", "strategy": "group", "group_size": 32}
_FP8 = {"num_bits": 8, "type": "float"}
_E4M3, _E8M0 = {"scale_dtype": "torch.float8_e4m3fn"}, {"scale_dtype": "torch.uint8"}
_DYNAMIC_TOKEN = {"strategy": "token", "dynamic": True}
_INT_GROUP = {"type": "int", "strategy": "group", "group_size": 128}
_INT8_INPUT = {"num_bits": 8, "type": "int", **_DYNAMIC_TOKEN}

_PRESETS: dict[str, dict[str, Any]] = {
    "UNQUANTIZED": {},
    "NVFP4A16": {"weights": _FP4 | _E4M3},
    "NVFP4": {"weights": _FP4 | _E4M3, "input_activations": _FP4 | _E4M3 | {"dynamic": "local"}},
    "MXFP4A16": {"weights": _MX4 | _E8M0},
    "MXFP4": {"weights": _MX4 | _E8M0, "input_activations": _MX4 | _E8M0 | {"dynamic": True}},
    "MXFP4XFP8": {
        "weights": _MX4 | _E8M0,
        "input_activations": _FP8 | {"strategy": "group", "group_size": 128, "dynamic": True},
    },
    "MXFP6A16": {"weights": _MX6 | _E8M0},
    "MXFP6A8": {"weights": _MX6 | _E8M0, "input_activations": _MX8 | _E8M0 | {"dynamic": True}},
    "MXFP8A16": {"weights": _MX8 | _E8M0},
    "MXFP8": {"weights": _MX8 | _E8M0, "input_activations": _MX8 | _E8M0 | {"dynamic": True}},
    "FP8": {"weights": _FP8, "input_activations": _FP8},
    "FP8_DYNAMIC": {
        "weights": _FP8 | {"strategy": "channel"},
        "input_activations": _FP8 | _DYNAMIC_TOKEN,
    },
    "FP8_BLOCK": {
        "weights": _FP8 | {"strategy": "block", "block_structure": [128, 128]},
        "input_activations": _FP8 | {"strategy": "group", "group_size": 128, "dynamic": True},
    },
    "W8A8": {
        "weights": {"num_bits": 8, "type": "int", "strategy": "channel"},
        "input_activations": _INT8_INPUT,
    },
    "W4A16_ASYM": {"weights": _INT_GROUP | {"num_bits": 4, "symmetric": False}},
    "W4AFP8": {
        "weights": _INT_GROUP | {"num_bits": 4},
        "input_activations": _FP8 | _DYNAMIC_TOKEN,
    },
}
_PRESETS["INT8"] = _PRESETS["W8A8"]
_INT_PRESET = re.compile(r"W([2-8])A(4|8|16)")
_NO_ACTIVATIONS = 16


def preset(name: str) -> dict[str, Any] | None:
    """A preset's config group without targets, as config.json would hold it; None if unknown."""
    name = name.upper()
    if name in _PRESETS:
        return _PRESETS[name]
    match = _INT_PRESET.fullmatch(name)
    if match is None or int(match[1]) > int(match[2]):
        return None
    weight_bits, input_bits = int(match[1]), int(match[2])
    group: dict[str, Any] = {"weights": _INT_GROUP | {"num_bits": weight_bits}}
    if input_bits < _NO_ACTIVATIONS:
        group["input_activations"] = _INT8_INPUT | {"num_bits": input_bits}
    return group


def is_preset(weights: Args, inputs: Args | None) -> bool:
    """Whether these are the arguments of some preset, but for the size of its groups."""
    names = [*_PRESETS, *(f"W{w}A{a}" for w in range(2, 9) for a in (4, 8, 16))]
    return any(
        _alike(weights, group.get("weights")) and _alike(inputs, group.get("input_activations"))
        for name in names
        if (group := preset(name))
    )


def _alike(args: Args | None, raw: Mapping[str, Any] | None) -> bool:
    known = parse_args(raw, "", [])
    if args is None or known is None:
        return args is known
    same = ("num_bits", "type", "symmetric", "strategy", "block_structure", "dynamic")
    return all(getattr(args, key) == getattr(known, key) for key in same)
