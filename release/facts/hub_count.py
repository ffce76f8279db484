"""The parameter count that the Hub's model page shows for a compressed-tensors checkpoint.

The page's counter multiplies packed integers back where it can tell the number of bits: by the
config group whose targets it finds (it reads a `re:` target without a regex engine), else by the
top-level format and the first group. A total that the file states itself goes before, if it is no
larger. Source: packages/hub/src/lib/parse-safetensors-metadata.ts of huggingface.js, August 2026.
"""

from collections.abc import Iterable

from release.checkpoint import Checkpoint
from release.facts.basics import Tensors
from release.quantization.config import QuantizationConfig

CONTAINER_BITS = {"U8": 8, "I8": 8, "I16": 16, "I32": 32, "U16": 16, "U32": 32}
SKIPPED = frozenset(
    {
        *("weight_scale", "weight_scale_inv", "weight_scale_2", "weight_global_scale"),
        *("weight_zero_point", "weight_shape", "weight_g_idx", "zero_point"),
        *("input_scale", "input_global_scale", "input_zero_point"),
    }
)
EXPONENTS = frozenset({"F8_E8M0", "E8M0"})
PACKED = "pack-quantized"
FORMAT_BITS = {"fp4": 4, "int4": 4, "int2": 2}
DEFAULT_BITS = 4
NOT_UNDERSTOOD = frozenset("\\()[]|+?{}^$")
STATED = "total_parameters"
UNPACKED = 1, 1


def count_as_hub(tensors: Tensors, quantization: QuantizationConfig) -> int:
    """Count the parameters of all tensors as the page does."""
    counter = HubCounter(quantization)
    total = 0
    for name, info in tensors.items():
        skipped = info.dtype in EXPONENTS or not info.shape
        if skipped or (quantization.path and name.rpartition(".")[2] in SKIPPED):
            continue
        module, found, _ = name.rpartition(".weight")
        container, bits = counter.packing(module if found else name, info.dtype)
        total += (2 * info.elements * container + bits) // (2 * bits)  # rounded
    return total


def stated_parameters(checkpoint: Checkpoint) -> int | None:
    """The total that the index, or the header of a single file, gives itself, if it can be read."""
    index = checkpoint.index
    if index is not None:
        value = (index.metadata or {}).get(STATED)
    else:
        headers = [checkpoint.shards[name] for name in checkpoint.loaded[:1]]
        value = next((header.metadata.get(STATED) for header in headers), None)
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < len(str(1 << 64)) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1 << 64:
        return None
    return int(value)


class HubCounter:
    """How many values the page sees in one stored element of a module."""

    def __init__(self, quantization: QuantizationConfig) -> None:
        self.declared = bool(quantization.path)
        self.groups = [(HubTargets(group.targets), group) for group in quantization.groups]
        self.ignored = HubTargets(quantization.ignore)
        self.format = quantization.format
        widths = (group.weights.num_bits for group in quantization.groups if group.weights)
        self.first_bits = next(widths, None)

    def packing(self, module: str, dtype: str) -> tuple[int, int]:
        """The bits of an element of this dtype, and of each of the values in it."""
        container = CONTAINER_BITS.get(dtype)
        if container is None or not self.declared or self.ignored.match(module):
            return UNPACKED
        group = next((group for targets, group in self.groups if targets.match(module)), None)
        form = (group.format if group and group.format else self.format) or ""
        if not form.lower().endswith(PACKED):
            return UNPACKED
        own = group.weights.num_bits if group and group.weights else None
        bits = own or self.first_bits or _bits_of(form)
        return (container, bits) if 0 < bits < container else UNPACKED


class HubTargets:
    """Targets as the page reads them: names, and patterns of literal text between stars."""

    def __init__(self, targets: Iterable[str]) -> None:
        self.names = frozenset(target for target in targets if not target.startswith("re:"))
        bodies = (target[3:] for target in targets if target.startswith("re:"))
        globs = map(_glob, bodies)
        self.patterns = [glob.split("*") for glob in globs if NOT_UNDERSTOOD.isdisjoint(glob)]

    def match(self, module: str) -> bool:
        """Whether the page takes one of them for the module."""
        return module in self.names or any(_in_order(parts, module) for parts in self.patterns)


def _bits_of(form: str) -> int:
    return next((bits for text, bits in FORMAT_BITS.items() if text in form), DEFAULT_BITS)


def _glob(body: str) -> str:
    body = body.removeprefix("^")
    body = body[:-1] if body.endswith("$") else f"{body}.*"
    return body.replace(".*", "*").replace("\\.", ".")


def _in_order(parts: list[str], text: str) -> bool:
    """Whether `text` starts with the first part, ends with the last, the others in between.

    No backtracking: the patterns are a stranger's.
    """
    first, *others = parts
    if not others:
        return text == first
    *middle, last = others
    if not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end
