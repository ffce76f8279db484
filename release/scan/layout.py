"""How the bytes of a tensor are to be read: what a word is, what makes it bad, what a row is."""

from enum import Enum
from functools import cache

import msgspec

from release.checkpoint import TensorInfo
from release.quantization.arguments import Args
from release.quantization.schemes import Scheme

FP4_COLUMNS_PER_BYTE = 2
SHORT_ROW, LONG_ROW = 256, 256 << 10
SMALL_TENSOR = 256 << 10
MOST_ROWS = 8 << 20
MOST_INDICES = 16 << 20
"""Bytes; no weight has as many columns."""
WORD_BITS = 32
MATRIX = 2


class Kind(Enum):
    """What a tensor's bytes are; each has its own tally."""

    FLOAT = "float"
    INTEGER = "integer"
    FP4 = "fp4"
    PACKED = "packed"
    SCALE = "scale"
    INDEX = "index"
    RAW = "raw"


class Format(msgspec.Struct, frozen=True):
    """A dtype's words: bytes, the sign's bit, the smallest magnitude that is NaN or Inf.

    `infinity` is the magnitude of Inf, `normal` the smallest one that is not tiny: subnormal, or of
    exponents under 2^-67, of which weights are nothing.
    """

    width: int
    sign: int
    bad: int
    infinity: int | None
    normal: int


FORMATS = {
    "BF16": Format(2, 0x8000, 0x7F80, 0x7F80, 0x0080),
    "F16": Format(2, 0x8000, 0x7C00, 0x7C00, 0x0400),
    "F32": Format(4, 0x8000_0000, 0x7F80_0000, 0x7F80_0000, 0x0080_0000),
    "F8_E4M3": Format(1, 0x80, 0x7F, None, 0x08),
    "F8_E5M2": Format(1, 0x80, 0x7C, 0x7C, 0x04),
    # E8M0 has no sign and one word that is no number. compressed_tensors stores it as U8.
    "U8": Format(1, 0x100, 0xFF, None, 60),
    "F8_E8M0": Format(1, 0x100, 0xFF, None, 60),
}
EXPONENTS = {"U8", "F8_E8M0"}
CODE_BITS = range(2, 9)
CODE_DTYPES = {"F8_E4M3", "F8_E5M2"}


class Reading(msgspec.Struct, frozen=True, cache_hash=True):
    """One way to read a tensor. Lengths are in words of `width` bytes.

    `row` is 0 where rows mean nothing, or are too short or too long to look at one by one. `unit`
    is what one scale covers of a row, 0 if not known; `block` the rows and columns of a block.
    `bits` and `columns` tell how codes are packed. `codes`: the words are quantized, so that a
    sample says if the scales fit. `table`: rows that are zero or alike are normal.
    """

    kind: Kind
    dtype: str
    width: int
    row: int = 0
    unit: int = 0
    block: tuple[int, int] | None = None
    bits: int = 0
    columns: int = 0
    codes: bool = False
    symmetric: bool = True
    table: bool = False

    @property
    def format(self) -> Format:
        """Its words, where they are floats or scales."""
        return FORMATS[self.dtype]

    def step(self, limit: int) -> int:
        """Bytes to take at once: whole rows, `limit` bytes of them if that is one or more."""
        row = self.row * self.width
        if not row:
            return limit
        rows = max(1, limit // row)
        if self.block:
            rows = min(1 << (rows.bit_length() - 1), self.block[0])
        return rows * row


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A tensor's place in its file, in bytes, and how to read it."""

    tensor: str
    start: int
    end: int
    reading: Reading


WIDTHS = {
    **{dtype: form.width for dtype, form in FORMATS.items()},
    "BOOL": 1,
    "I8": 1,
    "I16": 2,
    "U16": 2,
    "I32": 4,
    "U32": 4,
}


def weight_reading(
    info: TensorInfo, scheme: Scheme | None, *, columns: int = 0, table: bool = False
) -> Reading:
    """How to read a weight, quantized as its scheme says if it has one.

    `columns` are those of the unpacked weight, 0 where they are not known.
    """
    row = _row(info)
    args = scheme.weights if scheme else None
    bits = _bits(args)
    if info.dtype in FORMATS and info.dtype not in EXPONENTS:
        coded = info.dtype in CODE_DTYPES
        unit, block = _unit(args, info.shape) if coded else (0, None)
        return Reading(
            Kind.FLOAT,
            info.dtype,
            FORMATS[info.dtype].width,
            row,
            unit,
            block if row else None,
            codes=coded,
            table=table,
        )
    if info.dtype == "I8":
        unit, _ = _unit(args, info.shape)
        symmetric = args.symmetric if args else True
        return Reading(
            Kind.INTEGER,
            "I8",
            1,
            row,
            unit,
            bits=bits or 8,
            codes=True,
            symmetric=symmetric,
            table=table,
        )
    if info.dtype == "U8":
        unit = (args.group_size or 0) // FP4_COLUMNS_PER_BYTE if args else 0
        return Reading(Kind.FP4, "U8", 1, row, max(unit, 0), codes=True, table=table)
    if info.dtype == "I32" and info.shape and args and args.type == "int" and bits:
        return _packed(info, args, row, columns=columns, table=table)
    return Reading(Kind.RAW, info.dtype, WIDTHS.get(info.dtype, 1), table=table)


def scale_reading(info: TensorInfo) -> Reading:
    """How to read scales; raw where a dtype says nothing of their values."""
    return _scales(info.dtype)


@cache
def _scales(dtype: str) -> Reading:
    """One reading for all of them, as there are very many."""
    if dtype not in FORMATS:
        return Reading(Kind.RAW, dtype, WIDTHS.get(dtype, 1))
    return Reading(Kind.SCALE, dtype, FORMATS[dtype].width)


def zero_point_reading(info: TensorInfo, scheme: Scheme) -> Reading:
    """How to read zero points: codes as the weight's are, without rows or units."""
    kinds = {"I32": (Kind.PACKED, 4), "I8": (Kind.INTEGER, 1)}
    bits = _bits(scheme.weights)
    if info.dtype not in kinds or not bits:
        return raw_reading(info)
    kind, width = kinds[info.dtype]
    return Reading(kind, info.dtype, width, bits=bits, codes=True, symmetric=False)


def index_reading(info: TensorInfo) -> Reading:
    """How to read the numbers of groups."""
    width = {"I32": 4, "I64": 8}.get(info.dtype, 0) if info.nbytes <= MOST_INDICES else 0
    return Reading(Kind.INDEX, info.dtype, width) if width else raw_reading(info)


def raw_reading(info: TensorInfo) -> Reading:
    """How to read what has no values to judge: shapes, indices, zero points."""
    return Reading(Kind.RAW, info.dtype, WIDTHS.get(info.dtype, 1))


def _row(info: TensorInfo) -> int:
    """Words of a row; 0 where looking at single rows costs more than it can show."""
    if len(info.shape) < MATRIX or not info.nbytes:
        return 0
    length = info.shape[-1] * WIDTHS.get(info.dtype, 1)
    many = info.elements > MOST_ROWS * info.shape[-1]
    if many or length > LONG_ROW or (length < SHORT_ROW and info.nbytes > SMALL_TENSOR):
        return 0
    return info.shape[-1]


def _bits(args: Args | None) -> int:
    """Bits of an integer code that fits a byte, else 0."""
    return args.num_bits if args and args.num_bits in CODE_BITS else 0


def _unit(args: Args | None, shape: tuple[int, ...]) -> tuple[int, tuple[int, int] | None]:
    if args is None or len(shape) != MATRIX:
        return 0, None
    if args.strategy == "channel":
        return shape[1], None
    if args.strategy == "block" and args.block_structure:
        return 0, args.block_structure
    size = args.group_size or 0
    return (size if size > 0 and shape[1] % size == 0 else 0), None


def _packed(info: TensorInfo, args: Args, row: int, *, columns: int, table: bool) -> Reading:
    bits = args.num_bits
    columns = columns or info.shape[-1] * WORD_BITS // bits
    group = args.group_size if args.group_size and args.group_size > 0 else columns
    return Reading(
        Kind.PACKED,
        "I32",
        4,
        row,
        unit=group * bits // WORD_BITS if group * bits % WORD_BITS == 0 else 0,
        bits=bits,
        columns=columns,
        codes=True,
        symmetric=args.symmetric,
        table=table,
    )
