"""Quantized codes of a sample: whether a scale uses the range that its codes have.

Shares of a tensor need no look at every code. The sample is slices of 4 KiB, spread evenly; a
tensor of up to 32 KiB is its own sample.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import Kind, Reading
from release.scan.packing import unpack_fields
from release.scan.values import Codes

Array = npt.NDArray[Any]

WHOLE = 32 << 10
SLICE = 4 << 10
SLICES = 16
SPACING = 512 << 10
E4M3_LARGEST, E5M2_LARGEST = 0x7E, 0x7B
HALF_OF_FLOAT = 8
"""An FP8 code this much under the largest stands for half of it (4 for E5M2)."""
FP4_HALF = 5
"""Code 5 is 3, half of 6."""
KINDS = {1: np.uint8, 2: np.uint16, 4: np.uint32}
LONG, ALL, FEW = 8, (1 << 64) - 1, 16
# Masks of the magnitudes in eight bytes, and what makes the top bit of those over half.
FIELDS = {
    Kind.FP4: (0x7777_7777_7777_7777, 0x1111_1111_1111_1111 * (8 - FP4_HALF)),
    Kind.FLOAT: (
        0x7F7F_7F7F_7F7F_7F7F,
        0x0101_0101_0101_0101 * (0x80 - E4M3_LARGEST + HALF_OF_FLOAT),
    ),
}


class Sample:
    """The bytes that are kept of one tensor."""

    def __init__(self, reading: Reading, size: int) -> None:
        self.reading = reading
        self._slices: list[bytes] = []
        unit = max(reading.unit, 1) * reading.width
        self._length = unit * max(1, SLICE // unit)
        count = min(SLICES, max(2, size // SPACING))
        if not reading.codes:
            self._places = []
        elif size <= WHOLE:
            self._places, self._length = [0], size
        else:
            spacing = size // count // self._length * self._length
            self._places = [place * spacing for place in range(count)]
        self._places.reverse()

    def add(self, piece: memoryview, position: int) -> None:
        """Keep what is wanted of a piece that begins at byte `position` of the tensor."""
        while self._places and self._places[-1] < position + len(piece):
            start = self._places.pop() - position
            if start >= 0:
                self._slices.append(bytes(piece[start : start + self._length]))

    def words(self) -> Array:
        """All slices, each cut to whole units, as one array of words."""
        unit = max(self.reading.unit, 1) * self.reading.width
        whole = b"".join(part[: len(part) // unit * unit] for part in self._slices)
        return np.frombuffer(whole, KINDS[self.reading.width])


def summarise_codes(sample: Sample, tops: Array | None) -> Codes | None:
    """Summarise a sample; `tops` are the largest magnitudes of units that were seen whole.

    None for packed codes that cross words in a way that slices cannot be cut by.
    """
    reading = sample.reading
    words = sample.words()
    if not len(words) or (reading.kind is Kind.PACKED and 32 % reading.bits and not reading.unit):
        return None
    # Of so few numbers Python adds up a list sooner than numpy an array.
    histogram: list[int] = _histogram(words, reading).tolist()
    total = sum(histogram)
    signed = total - sum(histogram[code] for code in _zeros(reading))
    negative = sum(histogram[_negative(reading)])
    used, weak = _weak_units(words, reading) if tops is None else _weak(tops, reading)
    return Codes(
        sampled=total,
        distinct=len(histogram) - histogram.count(0),
        common=max(histogram) / total,
        ends=sum(histogram[code] for code in _ends(reading)) / total,
        negative=negative / signed if signed else 0.5,
        units=used,
        weak=weak,
    )


def _histogram(words: Array, reading: Reading) -> Array:
    """Count every code."""
    if reading.kind is Kind.PACKED and reading.bits not in {4, 8}:
        fields: Array = np.bincount(unpack_fields(words, reading.bits), minlength=1 << reading.bits)
        return fields
    counts: Array = np.bincount(words.view(np.uint8).astype(np.intp), minlength=256)  # as it counts
    if reading.kind is Kind.FP4 or (reading.kind is Kind.PACKED and reading.bits == 4):  # noqa: PLR2004
        square = counts.reshape(16, 16)
        nibbles: Array = np.add.reduce(square, axis=0) + np.add.reduce(square, axis=1)
        return nibbles
    return counts


def _zeros(reading: Reading) -> list[int]:
    """The codes that mean zero."""
    if reading.kind is Kind.PACKED:
        return [1 << (reading.bits - 1)]
    return {Kind.FP4: [0, 8], Kind.FLOAT: [0, 128]}.get(reading.kind, [0])


def _negative(reading: Reading) -> slice:
    if reading.kind is Kind.PACKED:
        return slice(0, 1 << (reading.bits - 1))
    if reading.kind is Kind.FP4:
        return slice(9, 16)
    return slice(129 if reading.kind is Kind.FLOAT else 128, 256)


def _ends(reading: Reading) -> list[int]:
    """The codes at the ends of the range, and next to the lower one where it has one more."""
    if reading.kind is Kind.FLOAT:
        largest = E4M3_LARGEST if reading.dtype == "F8_E4M3" else E5M2_LARGEST
        return [largest, largest | 128]
    if reading.kind is Kind.FP4:
        return [7, 15]
    half = 1 << (reading.bits - 1)
    ends = [half - 1, -half] if reading.bits < 8 else [half - 1, 1 - half, -half]  # noqa: PLR2004
    return [code + half if reading.kind is Kind.PACKED else code % 256 for code in ends]


def _half(reading: Reading) -> int:
    """The smallest magnitude that is at least half of the largest."""
    if reading.kind is Kind.FLOAT:
        e5m2 = reading.dtype == "F8_E5M2"
        return E5M2_LARGEST - HALF_OF_FLOAT // 2 if e5m2 else E4M3_LARGEST - HALF_OF_FLOAT
    if reading.kind is Kind.FP4:
        return FP4_HALF
    return 1 << (reading.bits - (2 if reading.symmetric else 1))


def _weak(tops: Array, reading: Reading) -> tuple[int, int]:
    """How many units are not all zero, and in how many of those no code reaches half the range."""
    used = tops > 0
    return int(np.count_nonzero(used)), int(np.count_nonzero(used & (tops < _half(reading))))


def _weak_units(words: Array, reading: Reading) -> tuple[int, int]:
    """The same for the units of a sample."""
    if not reading.unit:
        return 0, 0
    grid = words.reshape(-1, reading.unit)
    whole = reading.unit * reading.width % LONG == 0
    if reading.kind in FIELDS and reading.dtype != "F8_E5M2" and whole:
        return _weak_by_bits(grid, *FIELDS[reading.kind])
    codes = _signed_codes(grid, reading)
    if reading.symmetric:
        return _weak(np.abs(codes).max(axis=1), reading)
    return _weak(codes.max(axis=1) - codes.min(axis=1), reading)


def _weak_by_bits(grid: Array, mask: int, step: int) -> tuple[int, int]:
    """Eight bytes at once: `mask` leaves magnitudes, `step` lifts half the range to a sign bit."""
    magnitudes = grid.view(np.uint64) & np.uint64(mask)
    used = _any_bit(magnitudes) != 0
    strong = _any_bit(magnitudes + np.uint64(step)) & np.uint64(~mask & ALL)
    return int(np.count_nonzero(used)), int(np.count_nonzero(used & (strong == 0)))


def _any_bit(grid: Array) -> Array:
    """The bits that are set in any word of each row; a group's few words are taken one by one."""
    many = grid.shape[1] > FEW
    bits: Array = np.bitwise_or.reduce(grid, axis=1) if many else grid[:, 0]
    for column in range(1, 1 if many else grid.shape[1]):
        bits = bits | grid[:, column]
    return bits


def _signed_codes(grid: Array, reading: Reading) -> Array:
    """Codes as integers whose magnitudes are in order; of floats, the magnitudes alone."""
    if reading.kind in FIELDS:
        low, high = (127, 0) if reading.kind is Kind.FLOAT else (7, 0x70)
        magnitudes: Array = np.maximum(grid & low, (grid & high) >> 4)
        return magnitudes
    if reading.kind is Kind.INTEGER:
        return grid.view(np.int8).astype(np.int16)
    fields = unpack_fields(np.ascontiguousarray(grid).reshape(-1), reading.bits).reshape(
        len(grid), -1
    )
    return fields.astype(np.int16) - (1 << (reading.bits - 1))
