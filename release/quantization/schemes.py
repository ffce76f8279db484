"""What each scheme stores: the one table of tensors, dtypes and shapes.

A shape is written in words of the Linear that it belongs to (`out`, `in`) and of its arguments
(`group`, `bits`, `rows` and `columns` of a block); every division rounds up. It holds what
compressed_tensors' compressors write.
"""

import msgspec

from release.quantization import formats
from release.quantization.arguments import GROUPED, REMOVED_ACTORDERS, Args
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.formats import BYTE, can_hold, infer_format
from release.quantization.naming import scheme_name
from release.unknown import Unknown

FLOAT_DTYPES = ("BF16", "F16", "F32")
LARGEST = 16  # bits
PACKED_ZERO_POINTS = {"channel", "group"}
TENSOR_GROUP = "tensor_group"

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
        size = self.weights.group_size or 0
        words = {
            "out": out,
            "in": columns,
            "group": size if size > 0 else max(columns, 1),
            "bits": self.weights.num_bits,
            "rows": rows,
            "columns": block_columns,
        }
        return tuple(evaluate(dim, words) for dim in slot.shape)

    def is_padded(self, stored: tuple[int, ...], out: int, columns: int) -> bool:
        """Whether packed words share no number: 3, 5, 6 or 7 bits leave the end of each free.

        So compressed-tensors 0.17 packed them, and no other version.
        """
        bits = self.weights.num_bits
        uneven = self.weight.shape == PACKED and WORD % bits != 0
        return uneven and stored == (out, -(-columns // (WORD // bits)))

    def logical_shape(
        self, stored: tuple[int, ...], scale: tuple[int, ...] = ()
    ) -> tuple[int, int] | None:
        """Give (out, in) of the Linear whose weight is stored in this shape, None if not 2-D.

        A row that does not fill its 32-bit words leaves `in` open; the groups of `scale` settle it
        where they can, as in compressed_tensors' decompress. `weight_shape` holds the truth.
        """
        if len(stored) != 2:  # noqa: PLR2004
            return None
        rows, columns = stored
        if self.weight.shape == HALF:
            return rows, columns * 2
        if self.weight.shape == THREE_QUARTERS:
            return rows, columns * 4 // 3
        if self.weight.shape == PACKED:
            bits, group = self.weights.num_bits, self.weights.group_size or 0
            grouped = scale[-1] * group if group > 0 and scale else 0
            fits = -(-grouped * bits // WORD) == columns
            return rows, grouped if grouped and fits else columns * WORD // bits
        return rows, columns


SCALAR: Shape = ("1",)
WHOLE: Shape = ("out", "in")
HALF: Shape = ("out", "in/2")
THREE_QUARTERS: Shape = ("out", "in*3/4")
PACKED: Shape = ("out", "in*bits/32")
WORD = 32
SCALE_SHAPES: dict[str, Shape] = {
    "tensor": SCALAR,
    "channel": ("out", "1"),
    "group": ("out", "in/group"),
    TENSOR_GROUP: ("out", "in/group"),
    "block": ("out/rows", "in/columns"),
}


class Storage(msgspec.Struct, frozen=True):
    """How a format stores a weight: its slot, the dtypes of its scale, and what stands beside."""

    weight: Slot
    scale: tuple[str, ...]
    beside: tuple[Slot, ...] = ()


GLOBAL_SCALE = Slot("weight_global_scale", ("F32",), SCALAR)
WEIGHT_SHAPE = Slot("weight_shape", ("I64", "I32"), ("2",))
# Written until compressed-tensors 0.18 for actorder "group"; newer ones refuse to read it.
GROUP_INDEX = Slot("weight_g_idx", ("I32", "I64"), ("in",), required=False)

NVFP4 = Storage(Slot("weight_packed", ("U8",), HALF), ("F8_E4M3",), (GLOBAL_SCALE,))
MXFP4 = Storage(Slot("weight_packed", ("U8",), HALF), ("U8",))
MXFP6 = Storage(Slot("weight_packed", ("U8",), THREE_QUARTERS), ("U8",))
MXFP8 = Storage(Slot("weight", ("F8_E4M3",), WHOLE), ("U8",))
FP8 = Storage(Slot("weight", ("F8_E4M3",), WHOLE), FLOAT_DTYPES)
INT8 = Storage(Slot("weight", ("I8",), WHOLE), FLOAT_DTYPES)
INT16 = Storage(Slot("weight", ("I16",), WHOLE), FLOAT_DTYPES)
WORDS = Storage(Slot("weight_packed", ("I32",), PACKED), FLOAT_DTYPES, (WEIGHT_SHAPE,))

# (format, type of the weights, whether they have 8 bits at most) -> how they are stored. The three
# plain formats are one compressor: the arguments decide.
STORAGES: dict[tuple[str, str, bool], Storage] = {
    (formats.NVFP4, "float", True): NVFP4,
    (formats.MXFP4, "float", True): MXFP4,
    (formats.MXFP6, "float", True): MXFP6,
    (formats.MXFP8, "float", True): MXFP8,
    (formats.PACKED, "int", True): WORDS,
}
for _plain in formats.PLAIN:
    STORAGES |= {
        (_plain, "float", True): FP8,
        (_plain, "int", True): INT8,
        (_plain, "int", False): INT16,
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
CACHE_SCALES = frozenset(f"{side}_{role}" for side in "qkv" for role in ("scale", "zero_point"))
QUANTIZED_DTYPES = frozenset({"F8_E4M3", "F8_E5M2", "I8"})


def scheme_of(group: ConfigGroup, config: QuantizationConfig) -> Scheme | Unknown | None:
    """Give a group's scheme; None if it quantizes no weights."""
    if group.unreadable:
        return Unknown(f"the arguments of {group.name} cannot be read")
    if group.weights is None:
        return None
    declared = config.storage_format(group)
    if declared is not None and not can_hold(declared, group.weights, group.input_activations):
        declared = None  # what is wrong with it is Q106's
    return build_scheme(group.weights, group.input_activations, group.output_activations, declared)


def build_scheme(
    weights: Args, inputs: Args | None = None, outputs: Args | None = None, form: str | None = None
) -> Scheme | Unknown:
    """Lay out the tensors of these arguments, in the format that follows if none is given."""
    for args in (weights, inputs, outputs):
        if args and not _is_sound(args):
            return Unknown("no layout is known for invalid arguments")
    form = form or infer_format(weights, inputs)
    storage = STORAGES.get((form, weights.type, weights.num_bits <= BYTE))
    plain_fp4 = storage is FP8 and weights.num_bits != BYTE
    if storage is None or plain_fp4:
        what = f"{weights.type} weights of {weights.num_bits} bits in format {form!r:.40}"
        return Unknown(f"no layout is known for {what}")
    if weights.strategy not in SCALE_SHAPES or weights.dynamic:
        return Unknown(f"no layout is known for weights with strategy {weights.strategy!r:.40}")
    slots = [storage.weight, Slot("weight_scale", storage.scale, SCALE_SHAPES[weights.strategy])]
    if storage is not NVFP4 or weights.strategy == TENSOR_GROUP:
        slots += storage.beside
    if storage is WORDS and weights.actorder in REMOVED_ACTORDERS:
        slots.append(GROUP_INDEX)
    slots += _zero_points(weights, storage)
    slots += _activations("input", "in", inputs)
    slots += _activations("output", "out", outputs)
    return Scheme(scheme_name(weights, inputs), form, weights, inputs, tuple(slots))


def cache_slots(args: Args) -> list[Slot]:
    """Lay out the scales of a static KV cache, and of queries where attention is quantized too.

    Shapes are in words of the attention: `heads`, `kv_heads`.
    """
    slots = []
    for side, heads in (("q", "heads"), ("k", "kv_heads"), ("v", "kv_heads")):
        shape = (heads, "1", "1") if args.strategy == "attn_head" else SCALAR
        required = side != "q"
        slots.append(Slot(f"{side}_scale", FLOAT_DTYPES, shape, required))
        if not args.symmetric:
            slots.append(Slot(f"{side}_zero_point", _zero_dtypes(args), shape, required))
    return slots


def _is_sound(args: Args) -> bool:
    return 1 <= args.num_bits <= LARGEST and (
        args.strategy not in GROUPED or (args.group_size or 0) > 0
    )


def _zero_points(weights: Args, storage: Storage) -> list[Slot]:
    if weights.symmetric or storage in {NVFP4, MXFP4, MXFP6, MXFP8}:
        return []  # no compressor of these knows any
    shape = SCALE_SHAPES[weights.strategy]
    if storage is WORDS and weights.strategy in PACKED_ZERO_POINTS:
        return [Slot("weight_zero_point", ("I32",), ("out*bits/32", shape[1]))]
    return [Slot("weight_zero_point", _zero_dtypes(weights), shape)]


def _activations(side: str, width: str, args: Args | None) -> list[Slot]:
    """The tensors of static activations; dynamic ones have none, local ones a global scale.

    vLLM has one for all in groups within a tensor, whatever is said of them: 0.32,
    CompressedTensorsW4A4Fp4.create_weights.
    """
    if args is None or (args.dynamic is True and args.strategy != TENSOR_GROUP):
        return []
    slots = []
    if args.strategy == TENSOR_GROUP:
        slots.append(Slot(f"{side}_global_scale", ("F32",), SCALAR))
        if args.dynamic:
            return slots
    shape = (f"{width}/{args.group_size}",) if args.strategy in GROUPED else SCALAR
    slots.append(Slot(f"{side}_scale", FLOAT_DTYPES, shape))
    if not args.symmetric:
        slots.append(Slot(f"{side}_zero_point", _zero_dtypes(args), shape))
    return slots


def _zero_dtypes(args: Args) -> tuple[str, ...]:
    return ("F8_E4M3",) if args.type == "float" else ("I8",)


def evaluate(dim: str, words: dict[str, int]) -> int:
    """Compute one dimension: a product of words and numbers, divided, rounded up."""
    product, _, divisor = dim.partition("/")
    value = 1
    for word in product.split("*"):
        value *= words[word] if word in words else int(word)
    by = words.get(divisor) or int(divisor) if divisor else 1
    return -(-value // by)
