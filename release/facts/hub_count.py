"""The parameter count that the Hub's model page shows for a compressed-tensors checkpoint.

The page's counter multiplies packed integers back only where it can tell the number of bits: it
must find the module's config group, and it reads a `re:` target without a regex engine.
"""

from collections.abc import Iterable

from release.facts.basics import Tensors
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.schemes import CACHE_SCALES, COMPANIONS

CONTAINER_BITS = {"U8": 8, "I8": 8, "I16": 16, "I32": 32, "U16": 16, "U32": 32, "I64": 64}
SKIPPED = (COMPANIONS | CACHE_SCALES) - {"weight_packed"}
NOT_UNDERSTOOD = frozenset("()[]|+?{}")


def hub_parameters(tensors: Tensors, quantization: QuantizationConfig) -> int:
    """Count parameters as the Hub's page does."""
    groups = [(_Targets(group.targets), group) for group in quantization.groups]
    ignored = _Targets(quantization.ignore)
    total = 0
    for name, info in tensors.items():
        module, _, role = name.rpartition(".")
        if role in SKIPPED or info.dtype == "F8_E8M0":
            continue
        packing = 1
        if info.dtype in CONTAINER_BITS and not ignored.match(module):
            group = next((group for targets, group in groups if targets.match(module)), None)
            packing = _packing(group, info.dtype, quantization.format or "")
        total += info.elements * packing
    return total


def _packing(group: ConfigGroup | None, dtype: str, top_format: str) -> int:
    """How many values the page sees in one stored element."""
    if group is None or group.weights is None:
        return 1
    if not (group.format or top_format).endswith("pack-quantized"):
        return 1
    return max(CONTAINER_BITS[dtype] // max(group.weights.num_bits, 1), 1)


class _Targets:
    """Targets as the page reads them: names, and patterns of literal text between `.*`."""

    def __init__(self, targets: Iterable[str]) -> None:
        self.names = frozenset(target for target in targets if not target.startswith("re:"))
        bodies = (target[3:] for target in targets if target.startswith("re:"))
        self.patterns = [
            (body.removeprefix("^").removesuffix("$").replace("\\.", ".").split(".*"), body)
            for body in bodies
            if NOT_UNDERSTOOD.isdisjoint(body)
        ]

    def match(self, module: str) -> bool:
        return module in self.names or any(
            _in_order(parts, module, whole=body.endswith("$")) for parts, body in self.patterns
        )


def _in_order(parts: list[str], text: str, *, whole: bool) -> bool:
    """Whether `text` starts with the first part and holds the others after it, in order.

    `whole`: the last part is also its end. No backtracking: the patterns are a stranger's.
    """
    first, *others = parts
    if whole and not others:
        return text == first
    if not text.startswith(first):
        return False
    end = len(text)
    if whole:
        last = others.pop()
        if not text.endswith(last):
            return False
        end -= len(last)
    position = len(first)
    for part in others:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end
