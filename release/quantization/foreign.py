"""Declarations of other tools, as far as they decide how many bytes a model takes.

Only for estimates from a config.json: how the tensors of these tools look is not described.
"""

import fnmatch
import re
from collections.abc import Mapping
from typing import Any

from release.quantization.config import (
    QuantizationConfig,
    canonical_method,
    find_quantization,
    parse_quantization,
)

FP8_BLOCK = [128, 128]
AWQ_BITS, GPTQ_BITS = 4, (4, 8)
CHANNEL = -1  # as a group's size
# ModelOpt's name of a whole checkpoint's scheme, the scheme's here.
ALGORITHMS = {"NVFP4": "NVFP4", "FP8": "FP8"}
FP8_CACHE = {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": False}
Declaration = Mapping[str, Any]


def translate_foreign(config: Declaration) -> QuantizationConfig | None:
    """What compressed-tensors would declare for the same sizes; None where that is not known.

    Sources: vLLM 0.32 layers/quantization/fp8.py, modelopt.py, auto_awq.py, auto_gptq.py;
    utils/torch_utils.py, get_kv_cache_quant_algo_string.
    """
    found = find_quantization(config)
    if found is None or not isinstance(found[1], dict):
        return None
    path, raw = found
    method = canonical_method(raw.get("quant_method"))
    readers = {
        "fp8": _fp8,
        "modelopt": _modelopt,
        "mxfp4": _mxfp4,
        "awq": _awq,
        "gptq": _gptq,
    }
    told = readers.get(method or "", _unknown)(raw)
    return None if told is None else parse_quantization(told, path)


def _unknown(_raw: Declaration) -> None:
    return None


def _fp8(raw: Declaration) -> dict[str, Any] | None:
    block = raw.get("weight_block_size")
    if raw.get("activation_scheme") not in ("static", "dynamic") or block not in (None, FP8_BLOCK):
        return None
    kept = _names(raw.get("modules_to_not_convert") or raw.get("ignored_layers"))
    names = [f"re:(.*\\.)?{re.escape(name)}(\\..*)?$" for name in kept]
    return {
        "config_groups": {"FP8_BLOCK" if block else "FP8": ["Linear"]},
        "format": "float-quantized",
        "ignore": ["lm_head", *names],
    }


def _awq(raw: Declaration) -> dict[str, Any] | None:
    kept = _names(raw.get("modules_to_not_convert"))
    names = [f"re:.*{re.escape(name)}" for name in kept]
    if str(raw.get("version") or "gemm").lower() != "gemm" or raw.get("bits") != AWQ_BITS:
        return None
    return _packed(raw, ["lm_head", *names], symmetric=False)


def _gptq(raw: Declaration) -> dict[str, Any] | None:
    """Without the zero points that a symmetric file has all the same: vLLM drops them."""
    if raw.get("bits") not in GPTQ_BITS or raw.get("dynamic"):
        return None
    if raw.get("modules_in_block_to_quantize") or raw.get("lm_head"):
        return None
    return _packed(raw, ["lm_head"], symmetric=raw.get("sym") is not False)


def _packed(raw: Declaration, ignore: list[str], *, symmetric: bool) -> dict[str, Any] | None:
    """Integers in words of 32 bits, a scale for each group or channel."""
    size = raw.get("group_size", raw.get("q_group_size"))
    if type(size) is not int or not (size > 0 or size == CHANNEL):
        return None
    grouped = (
        {"strategy": "channel"} if size == CHANNEL else {"strategy": "group", "group_size": size}
    )
    weights = {"num_bits": raw["bits"], "type": "int", "symmetric": symmetric, **grouped}
    return {
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
        "format": "pack-quantized",
        "ignore": ignore,
    }


def _mxfp4(raw: Declaration) -> dict[str, Any]:
    return {
        "config_groups": {"MXFP4A16": ["Linear"]},
        "format": "mxfp4-pack-quantized",
        "ignore": ["lm_head", *_globs(raw.get("modules_to_not_convert"))],
    }


def _modelopt(raw: Declaration) -> dict[str, Any] | None:
    scheme = ALGORITHMS.get(str(raw.get("quant_algo")))
    cache = raw.get("kv_cache_scheme") or raw.get("kv_cache_quant_algo")
    if isinstance(cache, dict):
        float_8 = (cache.get("num_bits"), cache.get("type"), cache.get("dynamic"))
        cache = "FP8" if float_8 == (8, "float", False) else "another"
    if scheme is None or str(cache or "FP8").upper() != "FP8":
        return None
    return {
        "config_groups": {scheme: ["Linear"]},
        "format": "nvfp4-pack-quantized" if scheme == "NVFP4" else "float-quantized",
        "ignore": _globs(raw.get("ignore") or raw.get("exclude_modules")),
        **({"kv_cache_scheme": FP8_CACHE} if cache else {}),
    }


def _globs(value: Any) -> list[str]:
    return [f"re:{fnmatch.translate(f'{name}*')}" for name in _names(value)]


def _names(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
