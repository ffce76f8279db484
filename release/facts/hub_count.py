"""The parameter count that the Hub's model page shows for a compressed-tensors checkpoint.

The page's counter multiplies packed integers back only where it can tell the number of bits: it
must find the module's config group, and it reads a `re:` target without a regex engine.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from release.facts.basics import Tensors
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.schemes import CACHE_SCALES, COMPANIONS

CONTAINER_BITS = {"U8": 8, "I8": 8, "I16": 16, "I32": 32, "U16": 16, "U32": 32, "I64": 64}
SKIPPED = (COMPANIONS | CACHE_SCALES) - {"weight_packed"}
_SPECIAL = re.compile(r"[()\[\]|+?{}]")


def hub_parameters(tensors: Tensors, quantization: QuantizationConfig) -> int:
    """Count parameters as the Hub's page does."""
    total = 0
    for name, info in tensors.items():
        module, _, role = name.rpartition(".")
        if role in SKIPPED or info.dtype == "F8_E8M0":
            continue
        total += info.elements * _values_per_element(module, info.dtype, quantization)
    return total


def _values_per_element(module: str, dtype: str, quantization: QuantizationConfig) -> int:
    if dtype not in CONTAINER_BITS or _matches_any(quantization.ignore, module):
        return 1
    for group in quantization.groups:
        if _matches_any(group.targets, module):
            return _packing(group, dtype, quantization.format or "")
    return 1


def _packing(group: ConfigGroup, dtype: str, top_format: str) -> int:
    stored = group.format or top_format
    if group.weights is None or not stored.endswith("pack-quantized"):
        return 1
    return max(CONTAINER_BITS[dtype] // max(group.weights.num_bits, 1), 1)


def _matches_any(targets: Iterable[str], module: str) -> bool:
    return any(_matches(target, module) for target in targets)


def _matches(target: str, module: str) -> bool:
    if not target.startswith("re:"):
        return target == module
    pattern = _simple(target.removeprefix("re:"))
    return pattern is not None and pattern.search(module) is not None


@lru_cache(maxsize=1024)
def _simple(pattern: str) -> re.Pattern[str] | None:
    body = pattern.removeprefix("^").removesuffix("$")
    if _SPECIAL.search(body.replace("\\.", "")):
        return None
    parts = (re.escape(part.replace("\\.", ".")) for part in body.split(".*"))
    end = "$" if pattern.endswith("$") else ""
    return re.compile("^" + ".*".join(parts) + end)
