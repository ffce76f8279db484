"""A module's tensors held against a scheme, and the scheme that they look like themselves."""

from collections.abc import Iterator, Mapping

import msgspec

from release.checkpoint import TensorInfo
from release.quantization.arguments import GROUPED, Args
from release.quantization.formats import E8M0_SCALE, INT, MX_GROUP, NVFP4_GROUP
from release.quantization.schemes import (
    COMPANIONS,
    FLOAT_DTYPES,
    GLOBAL_SCALE,
    PACKED,
    SCALAR,
    WORD,
    Scheme,
    Slot,
    build_scheme,
)

MISSING, UNEXPECTED, DTYPE, SHAPE = "missing", "unexpected", "dtype", "shape"
MATRIX = 2
SMALLEST_BLOCK = 16
WEIGHTS = ("weight_packed", "weight")

Tensors = Mapping[str, TensorInfo]
Size = tuple[int, int]


class Difference(msgspec.Struct, frozen=True):
    """One tensor that is not as the scheme has it: `stored` and `expected` are words to print."""

    role: str
    problem: str
    stored: str
    expected: str


class Layout(msgspec.Struct, frozen=True):
    """A module's tensors, read with the declared scheme if they fit it, else for themselves.

    `shape` is the logical (out, in); `differences` those from the declared scheme, `looks_like`
    the scheme that the weight and its scale agree on where that is another one.
    """

    shape: Size | None
    differences: tuple[Difference, ...] = ()
    looks_like: Scheme | None = None


def read_layout(declared: Scheme | None, tensors: Tensors, implied: Size | None) -> Layout:
    """Read a module's tensors by role; `implied` is the (out, in) that config.json implies."""
    shape = _shape(declared, tensors, implied)
    if declared is None:
        found = recognise(tensors, implied)
        return Layout(found[1] if found else shape)
    differences = tuple(compare(declared, tensors, shape))
    main = {slot.role for slot in declared.slots[:2]}
    two_levels = any(d.role == GLOBAL_SCALE.role and d.problem == UNEXPECTED for d in differences)
    wrong = any(d.role in main and d.problem != UNEXPECTED for d in differences)
    if (wrong or two_levels) or (
        implied and shape != implied and _scale_fits(declared, tensors, implied)
    ):
        found = recognise(tensors, implied)
        fits = found is not None and implied in {None, found[1]}
        if found and fits and _weights_of(found[0]) != _weights_of(declared):
            return Layout(found[1], differences, found[0])
    return Layout(shape, differences)


def compare(scheme: Scheme, tensors: Tensors, shape: Size | None) -> Iterator[Difference]:
    """Give every difference between a module's tensors and its scheme's.

    Shapes are left alone where the logical one is not known.
    """
    for slot in scheme.slots:
        info = tensors.get(slot.role)
        if info is None:
            if slot.required:
                yield Difference(slot.role, MISSING, "missing", _words(slot, scheme, shape))
        elif info.dtype not in slot.dtypes:
            yield Difference(slot.role, DTYPE, info.dtype, " or ".join(slot.dtypes))
        elif not _fits(slot, info.shape, scheme, shape):
            yield Difference(slot.role, SHAPE, str(list(info.shape)), _dims(slot, scheme, shape))
    roles = {slot.role for slot in scheme.slots}
    for role, info in tensors.items():
        if role not in roles and (role in COMPANIONS or role == "weight"):
            yield Difference(role, UNEXPECTED, _stored(info), "")


def recognise(tensors: Tensors, implied: Size | None) -> tuple[Scheme, Size] | None:
    """Name the scheme that a weight and its scale are stored in, and the logical shape.

    Only where both agree in every dtype and shape; None otherwise.
    """
    for args in _readings(tensors, implied):
        plain = args.type == "int" and "weight_packed" not in tensors
        scheme = build_scheme(args, form=INT if plain else None)
        if not isinstance(scheme, Scheme):
            continue
        shape = _shape(scheme, tensors, implied)
        wanted = {slot.role for slot in scheme.slots[:2]}
        if shape and not [d for d in compare(scheme, tensors, shape) if d.role in wanted]:
            return scheme, shape
    return None


def _scale_fits(declared: Scheme, tensors: Tensors, implied: Size) -> bool:
    """Whether the scale is as declared at the implied size, so that only bits can be wrong.

    Else the size is: the tensors agree with the declaration, and config.json with neither.
    """
    slot, scale = declared.slot("weight_scale"), tensors.get("weight_scale")
    return not slot or not scale or _fits(slot, scale.shape, declared, implied)


def _weights_of(scheme: Scheme) -> tuple[object, ...]:
    """What two schemes must have in common to store weight and scale alike."""
    args = scheme.weights
    size = args.group_size if args.strategy in GROUPED else None
    bits = args.num_bits if scheme.weight.shape == PACKED else None
    two_levels = scheme.slot(GLOBAL_SCALE.role) is not None
    return scheme.slots[:2], size, args.block_structure, bits, two_levels


def _readings(tensors: Tensors, implied: Size | None) -> Iterator[Args]:
    """Guess arguments from the weight's dtype and the scale's; `recognise` proves them."""
    weight = next((tensors[role] for role in WEIGHTS if role in tensors), None)
    scale = tensors.get("weight_scale")
    if weight is None or scale is None or len(weight.shape) != MATRIX:
        return
    symmetric = "weight_zero_point" not in tensors
    match weight.dtype, scale.dtype:
        case "U8", "F8_E4M3":
            yield Args(4, "float", True, NVFP4_GROUP, "tensor_group")
        case "U8", "U8":
            yield Args(4, "float", True, MX_GROUP, "group", scale_dtype=E8M0_SCALE)
            yield Args(6, "float", True, MX_GROUP, "group", scale_dtype=E8M0_SCALE)
        case "F8_E4M3", "U8":
            yield Args(8, "float", True, MX_GROUP, "group", scale_dtype=E8M0_SCALE)
        case "F8_E4M3", dtype if dtype in FLOAT_DTYPES:
            yield from _granularities(8, "float", weight.shape, scale.shape, symmetric)
        case "I8", dtype if dtype in FLOAT_DTYPES:
            yield from _granularities(8, "int", weight.shape, scale.shape, symmetric)
        case "I32", dtype if dtype in FLOAT_DTYPES and implied:
            bits = weight.shape[1] * WORD // max(implied[1], 1)
            yield from _granularities(bits, "int", implied, scale.shape, symmetric)


def _granularities(
    bits: int, kind: str, weight: tuple[int, ...], scale: tuple[int, ...], symmetric: bool
) -> Iterator[Args]:
    """The strategies that a scale of this shape can have."""
    if scale in {(), (1,)}:
        yield Args(bits, kind, symmetric)
    if len(scale) != MATRIX or min(scale) < 1:
        return
    if scale[1] == 1 and scale[0] == weight[0]:
        yield Args(bits, kind, symmetric, strategy="channel")
    elif scale[0] == weight[0] and kind == "int":
        yield Args(bits, kind, symmetric, -(-weight[1] // scale[1]), "group")
    elif kind == "float":
        block = tuple(_block(size, count) for size, count in zip(weight, scale, strict=True))
        if min(block) >= SMALLEST_BLOCK:
            structure = (block[0], block[1])
            yield Args(bits, kind, symmetric, strategy="block", block_structure=structure)


def _block(size: int, count: int) -> int:
    """The power of two that `size` was cut by into `count` blocks."""
    return 1 << (max(-(-size // count), 1) - 1).bit_length()


def _shape(scheme: Scheme | None, tensors: Tensors, implied: Size | None) -> Size | None:
    wanted = (scheme.weight.role, *WEIGHTS) if scheme else WEIGHTS
    role = next((role for role in wanted if role in tensors), None)
    if role is None:
        return implied
    stored = tensors[role]
    if len(stored.shape) != MATRIX:
        return None
    if scheme and (role == scheme.weight.role or stored.dtype in scheme.weight.dtypes):
        odd_words = scheme.weight.shape == PACKED and stored.dtype not in scheme.weight.dtypes
        if odd_words or (
            implied
            and (
                scheme.expected_shape(scheme.weight, *implied) == stored.shape
                or scheme.is_padded(stored.shape, *implied)
            )
        ):
            return implied  # words of another size say nothing of their own
        scale = tensors.get("weight_scale")
        return scheme.logical_shape(stored.shape, scale.shape if scale else ())
    halves = role == "weight_packed" and stored.dtype == "U8"  # of FP4, if nothing says more
    if role == "weight" or halves:
        return stored.shape[0], stored.shape[1] * (2 if halves else 1)
    return None


def _fits(slot: Slot, stored: tuple[int, ...], scheme: Scheme, shape: Size | None) -> bool:
    if slot.shape == SCALAR:
        return stored in {(), (1,)}
    if shape is None:
        return slot is not scheme.weight or len(stored) == MATRIX
    return stored == scheme.expected_shape(slot, *shape)


def _words(slot: Slot, scheme: Scheme, shape: Size | None) -> str:
    return f"{' or '.join(slot.dtypes)} {_dims(slot, scheme, shape)}"


def _dims(slot: Slot, scheme: Scheme, shape: Size | None) -> str:
    return str(list(scheme.expected_shape(slot, *shape))) if shape else f"[{', '.join(slot.shape)}]"


def _stored(info: TensorInfo) -> str:
    return f"{info.dtype} {list(info.shape)}"
