"""What each scheme stores: the one table of tensors, dtypes and shapes.

A shape is written in words of the Linear that it belongs to (`out`, `in`) and of its arguments
(`group`, `bits`, `rows` and `columns` of a block); every division rounds up. It holds what
compressed_tensors' compressors write.
"""

import msgspec

from release.quantization.arguments import Args
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.formats import (
    E8M0_SCALE,
    FP4,
    MX_GROUP,
    NVFP4_GROUP,
    can_hold,
    infer_format,
)
from release.unknown import Unknown

FLOAT_DTYPES = ("BF16", "F16", "F32")

Shape = tuple[str, ...]


class Slot(msgspec.Struct, frozen=True):
    """One tensor of a quantized module: its role (the name's last part), dtypes and shape."""

    role: str
    dtypes: tuple[str, ...]
    shape: Shape
    required: bool = True


class Scheme(msgspec.Struct, frozen=True):
    """A config group's arguments as one thing with a name and a storage layout."""

    name: str
    format: str
    weights: Args
    inputs: Args | None
    slots: tuple[Slot, ...]

    @property
    def weight(self) -> Slot:
        """The slot of the quantized weight itself."""
        return self.slots[0]

    def slot(self, role: str) -> Slot | None:
        """The slot of a role, or None if the scheme stores no such tensor."""
        return next((slot for slot in self.slots if slot.role == role), None)

    def expected_shape(self, slot: Slot, out: int, columns: int) -> tuple[int, ...]:
        """Evaluate a slot's shape for a Linear of `out` x `columns`."""
        rows, block_columns = self.weights.block_structure or (1, 1)
        words = {
            "out": out,
            "in": columns,
            "group": self.weights.group_size or columns or 1,
            "bits": self.weights.num_bits,
            "rows": rows,
            "columns": block_columns,
        }
        return tuple(_evaluate(dim, words) for dim in slot.shape)

    def logical_shape(self, stored: tuple[int, ...]) -> tuple[int, int] | None:
        """Give (out, in) of the Linear whose weight is stored in this shape, None if not 2-D.

        Exact where the row fills its 32-bit words; for the rest `weight_shape` holds the truth.
        """
        if len(stored) != 2:  # noqa: PLR2004
            return None
        rows, columns = stored
        if self.weight.shape == ("out", "in/2"):
            return rows, columns * 2
        if self.weight.shape == ("out", "in*bits/32"):
            return rows, columns * 32 // self.weights.num_bits
        return rows, columns


SCALAR: Shape = ("1",)
SCALE_SHAPES: dict[str, Shape] = {
    "tensor": SCALAR,
    "channel": ("out", "1"),
    "group": ("out", "in/group"),
    "tensor_group": ("out", "in/group"),
    "block": ("out/rows", "in/columns"),
}

# format -> the weight's slot and the scale's dtype; shapes of scales follow from the strategy.
WEIGHTS: dict[str, tuple[Slot, tuple[str, ...]]] = {
    "nvfp4-pack-quantized": (Slot("weight_packed", ("U8",), ("out", "in/2")), ("F8_E4M3",)),
    "mxfp4-pack-quantized": (Slot("weight_packed", ("U8",), ("out", "in/2")), ("U8",)),
    "mxfp8-quantized": (Slot("weight", ("F8_E4M3",), ("out", "in")), ("U8",)),
    "float-quantized": (Slot("weight", ("F8_E4M3",), ("out", "in")), FLOAT_DTYPES),
    "int-quantized": (Slot("weight", ("I8",), ("out", "in")), FLOAT_DTYPES),
    "naive-float": (Slot("weight", ("F8_E4M3",), ("out", "in")), FLOAT_DTYPES),
    "naive-int": (Slot("weight", ("I8",), ("out", "in")), FLOAT_DTYPES),
    "pack-quantized": (Slot("weight_packed", ("I32",), ("out", "in*bits/32")), FLOAT_DTYPES),
}

# Roles that belong to quantization: a module holding one of them is quantized.
COMPANIONS = frozenset(
    {
        "weight_packed",
        "weight_scale",
        "weight_scale_inv",
        "weight_global_scale",
        "weight_zero_point",
        "weight_shape",
        "weight_g_idx",
        "input_scale",
        "input_global_scale",
        "input_zero_point",
        "output_scale",
        "output_zero_point",
    }
)
CACHE_SCALES = frozenset({"k_scale", "v_scale", "q_scale", "k_zero_point", "v_zero_point"})
QUANTIZED_DTYPES = frozenset({"F8_E4M3", "F8_E5M2", "I8"})


def scheme_of(group: ConfigGroup, config: QuantizationConfig) -> Scheme | Unknown | None:
    """Give a group's scheme; None if it quantizes no weights."""
    weights, inputs = group.weights, group.input_activations
    if group.unreadable:
        return Unknown(f"the arguments of {group.name} cannot be read")
    if weights is None:
        return None
    declared = config.storage_format(group)
    if declared is None or not can_hold(declared, weights, inputs):
        declared = infer_format(weights, inputs)  # what is wrong with the other is Q106's
    key = f"naive-{weights.type}" if declared == "naive-quantized" else declared
    if key not in WEIGHTS:
        return Unknown(f"no layout is known for format {declared!r}")
    if weights.strategy not in SCALE_SHAPES:
        return Unknown(f"no layout is known for weights with strategy {weights.strategy!r}")
    slot, scale_dtypes = WEIGHTS[key]
    slots = [slot, Slot("weight_scale", scale_dtypes, SCALE_SHAPES[weights.strategy])]
    if declared == "nvfp4-pack-quantized":
        slots.append(Slot("weight_global_scale", ("F32",), SCALAR))
    if declared == "pack-quantized":
        slots.append(Slot("weight_shape", ("I64", "I32"), ("2",)))
    slots += _zero_points(weights, declared)
    slots += _activations("input", inputs)
    slots += _activations("output", group.output_activations)
    return Scheme(scheme_name(weights, inputs), declared, weights, inputs, tuple(slots))


def scheme_name(weights: Args, inputs: Args | None) -> str:
    """Give the field's name of a scheme: NVFP4, FP8_DYNAMIC, W4A16_ASYM..."""
    bits, size = weights.num_bits, weights.group_size
    if weights.type == "float" and bits == FP4:
        family = {NVFP4_GROUP: "NVFP4", MX_GROUP: "MXFP4"}.get(size or 0, f"FP4_G{size}")
        return family if inputs else f"{family}A16"
    if weights.type == "float":
        return _fp8_name(weights, inputs)
    suffix = "" if weights.symmetric else "_ASYM"
    if inputs is None:
        return f"W{bits}A16{suffix}"
    activation = "FP8" if inputs.type == "float" else str(inputs.num_bits)
    static = "" if inputs.dynamic else "_STATIC"
    return f"W{bits}A{activation}{suffix}{static}"


def _fp8_name(weights: Args, inputs: Args | None) -> str:
    if weights.group_size == MX_GROUP and weights.scale_dtype == E8M0_SCALE:
        return "MXFP8" if inputs else "MXFP8A16"
    if inputs is None:
        return "FP8A16"
    if weights.strategy == "block":
        return "FP8_BLOCK"
    return "FP8_DYNAMIC" if inputs.dynamic else "FP8"


def _zero_points(weights: Args, storage: str) -> list[Slot]:
    if weights.symmetric:
        return []
    shape = SCALE_SHAPES[weights.strategy]
    if storage == "pack-quantized" and len(shape) == 2:  # noqa: PLR2004
        return [Slot("weight_zero_point", ("I32",), ("out*bits/32", shape[1]))]
    return [Slot("weight_zero_point", ("I8",), shape)]


def _activations(side: str, args: Args | None) -> list[Slot]:
    if args is None or args.dynamic is True:
        return []
    if args.strategy == "tensor_group":
        return [Slot(f"{side}_global_scale", ("F32",), SCALAR)]
    scale = Slot(f"{side}_scale", FLOAT_DTYPES, SCALAR)
    return [scale] if args.symmetric else [scale, Slot(f"{side}_zero_point", ("I8",), SCALAR)]


def _evaluate(dim: str, words: dict[str, int]) -> int:
    product, _, divisor = dim.partition("/")
    value = 1
    for word in product.split("*"):
        value *= words[word] if word in words else int(word)
    by = words.get(divisor) or int(divisor) if divisor else 1
    return -(-value // by)
