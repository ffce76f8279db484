"""How the bytes of a tensor are to be read: words, what is masked out, what makes a value bad."""

import msgspec

from release.checkpoint import TensorInfo

FINE = 1 << 62


class Reading(msgspec.Struct, frozen=True):
    """One way to read words.

    A word is `width` bytes; `flip` and `keep` (xor, then and) leave its magnitude, so that 0 means
    zero; a magnitude of `bad` or more is NaN or Inf. `row` is the length of a row in words, 0 where
    rows mean nothing. `least` asks for the smallest word too: scales, where zero is bad as well.
    """

    width: int
    keep: int
    bad: int = FINE
    flip: int = 0
    row: int = 0
    least: bool = False

    @property
    def masks(self) -> bool:
        """Whether anything is masked out of a word."""
        return self.keep != (1 << 8 * self.width) - 1

    def step(self, limit: int) -> int:
        """Bytes to read at once: whole rows if a row fits, else a divisor of a row."""
        bytes_of_row = self.row * self.width
        if not bytes_of_row:
            return limit
        if bytes_of_row <= limit:
            return limit // bytes_of_row * bytes_of_row
        pieces = -(-bytes_of_row // limit)
        while self.row % pieces:
            pieces += 1
        return bytes_of_row // pieces


class Segment(msgspec.Struct, frozen=True):
    """A tensor's place in its file, in bytes, and how to read it."""

    tensor: str
    start: int
    end: int
    reading: Reading


# dtype -> width, mask of the magnitude, smallest magnitude that is NaN or Inf.
FLOATS = {
    "BF16": (2, 0x7FFF, 0x7F80),
    "F16": (2, 0x7FFF, 0x7C00),
    "F32": (4, 0x7FFF_FFFF, 0x7F80_0000),
    "F8_E4M3": (1, 0x7F, 0x7F),
    "F8_E5M2": (1, 0x7F, 0x7C),
}
SIGNED_SCALE = {"BF16": 2, "F16": 2, "F32": 4, "F8_E4M3": 1, "U8": 1}
INTEGER_WIDTHS = {"U8": 1, "I8": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4, "BOOL": 1}
FP4_MAGNITUDES = 0x77
SHORTEST_ROW = 128
"""Words; judging shorter rows one by one costs more than it can show."""


def weight_reading(info: TensorInfo, *, packed_bits: int | None = None) -> Reading | None:
    """How to read a weight; None for a dtype that says nothing of its values.

    `packed_bits` are those of the values inside a packed integer: 4 of FP4 in U8, 2 to 8 of offset
    integers in I32, for which zero is the middle of the range.
    """
    row = info.shape[-1] if len(info.shape) > 1 and info.shape[-1] >= SHORTEST_ROW else 0
    if info.dtype in FLOATS:
        width, keep, bad = FLOATS[info.dtype]
        return Reading(width, keep, bad, row=row)
    if info.dtype == "U8" and packed_bits is not None:
        return Reading(1, FP4_MAGNITUDES, row=row)
    if info.dtype == "I32" and packed_bits in {4, 8}:
        middle = 0x8888_8888 if packed_bits == 4 else 0x8080_8080  # noqa: PLR2004 - bits
        return Reading(4, 0xFFFF_FFFF, flip=middle, row=row)
    if info.dtype in INTEGER_WIDTHS:
        width = INTEGER_WIDTHS[info.dtype]
        return Reading(width, (1 << 8 * width) - 1, row=row)
    return None


def scale_reading(info: TensorInfo) -> Reading | None:
    """How to read scales: raw words, in whose order a sign bit or a NaN stands above all else."""
    if info.dtype not in SIGNED_SCALE:
        return None
    width = SIGNED_SCALE[info.dtype]
    bad = 0xFF if info.dtype == "U8" else FLOATS[info.dtype][2]
    return Reading(width, (1 << 8 * width) - 1, bad, least=True)
