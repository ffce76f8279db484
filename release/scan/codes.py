"""Quantized codes of a sample: whether a scale uses the range that its codes have.

Shares of a tensor need no look at every code. The sample is slices of 4 Ki codes, spread evenly; a
tensor of up to 32 KiB is its own sample.
"""

from functools import cache
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import WORD_BITS, Kind, Reading
from release.scan.packing import unpack_fields
from release.scan.values import Codes

Array = npt.NDArray[Any]

WHOLE = 32 << 10
SLICE = 4 << 10
"""Codes: bytes of them, or of pairs."""
SLICES = 16
SPACING = 512 << 10
E4M3_LARGEST, E5M2_LARGEST = 0x7E, 0x7B
HALF_OF_FLOAT = 8
"""An FP8 code this much under the largest stands for half of it (4 for E5M2)."""
FP4_HALF = 5
"""Code 5 is 3, half of 6."""
BYTE = 8
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
        self._unit = max(reading.unit, 1) * reading.width
        places, self._length = _places(reading, size)
        self._places = list(places)

    def add(self, piece: memoryview, position: int) -> None:
        """Keep what is wanted of a piece that begins at byte `position` of the tensor."""
        while self._places and self._places[-1] < position + len(piece):
            start = self._places.pop() - position
            if start >= 0:
                self._slices.append(bytes(piece[start : start + self._length]))

    @property
    def size(self) -> int:
        """Bytes of all slices, each cut to whole units; 0 of codes that slices cut across words."""
        reading = self.reading
        if reading.kind is Kind.PACKED and WORD_BITS % reading.bits and not reading.unit:
            return 0
        return sum([len(part) // self._unit * self._unit for part in self._slices])

    def words(self) -> Array:
        """The slices as one array of words."""
        parts = [part[: len(part) // self._unit * self._unit] for part in self._slices]
        return np.frombuffer(b"".join(parts), KINDS[self.reading.width])


@cache
def _places(reading: Reading, size: int) -> tuple[tuple[int, ...], int]:
    """Where the slices of a tensor of `size` bytes begin, the last one first, and their length."""
    if not reading.codes:
        return (), 0
    if size <= WHOLE:
        return (0,), size
    unit = max(reading.unit, 1) * reading.width
    length = SLICE // 2 if reading.kind is Kind.FP4 else SLICE
    length = unit * max(1, length // unit)
    count = min(SLICES, max(2, size // SPACING))
    spacing = size // count // length * length
    return tuple(place * spacing for place in reversed(range(count))), length


def summarise_codes(samples: list[Sample], tops: list[Array]) -> list[Codes]:
    """Summarise samples that are read alike and of the same size, all at once.

    `tops` are the largest magnitudes of units that were seen whole, for each sample or for none.
    Where tensors are small and many, calls of numpy cost more than what they do.
    """
    reading = samples[0].reading
    words = np.stack([sample.words() for sample in samples])
    histograms: list[list[int]] = _histograms(words, reading).tolist()
    used, weak = _weak(np.stack(tops), reading) if tops else _weak_units(words, reading)
    zeros, ends, negatives = _zeros(reading), _ends(reading), _negative(reading)
    numbers = _numbers(reading)
    # Of so few numbers Python adds up a list sooner than numpy an array.
    found = []
    parts = not tops and reading.unit and reading.unit != reading.row and reading.symmetric
    whole = words.shape[1] // reading.unit if parts else 0
    for histogram, units, weak_units in zip(histograms, used.tolist(), weak.tolist(), strict=True):
        total = sum(histogram)
        signed = total - sum([histogram[code] for code in zeros])
        codes = Codes(
            sampled=total,
            distinct=len(histogram) - histogram.count(0),
            common=max(histogram) / total,
            ends=sum([histogram[code] for code in ends]) / total,
            negative=sum(histogram[negatives]) / signed if signed else 0.5,
            units=units,
            weak=weak_units,
            blank=max(whole - units, 0),
            mean=sum(map(mul, histogram, numbers)) / total,
        )
        found.append(codes)
    return found


def _histograms(words: Array, reading: Reading) -> Array:
    """Count every code of each row of words: (rows, codes)."""
    if reading.kind is Kind.PACKED and reading.bits not in {4, 8}:
        return _counts(
            unpack_fields(words.reshape(-1), reading.bits), len(words), 1 << reading.bits
        )
    counts = _counts(words.view(np.uint8), len(words), 256)
    if reading.kind is Kind.FP4 or (reading.kind is Kind.PACKED and reading.bits == 4):  # noqa: PLR2004
        square = counts.reshape(-1, 16, 16)
        nibbles: Array = np.add.reduce(square, axis=1) + np.add.reduce(square, axis=2)
        return nibbles
    return counts


def _counts(codes: Array, rows: int, distinct: int) -> Array:
    """Count in one go: the codes of every row are numbered on from those of the one before."""
    numbered = codes.reshape(rows, -1) + np.arange(0, rows * distinct, distinct)[:, None]
    return np.bincount(numbered.reshape(-1), minlength=rows * distinct).reshape(rows, distinct)


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


def _numbers(reading: Reading) -> list[int]:
    """What each code stands for, of integers under eight bits; of others nothing."""
    half = 1 << (reading.bits - 1) if reading.bits else 0
    if reading.kind is Kind.PACKED and reading.bits < BYTE:
        return list(range(-half, half))
    if reading.kind is Kind.INTEGER and reading.bits < BYTE:
        return [*range(128), *range(-128, 0)]
    return []


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


def _weak(tops: Array, reading: Reading) -> tuple[Array, Array]:
    """How many units are not all zero, and in how many of those no code reaches half the range.

    `tops` has a row for each tensor, as has each of what is given.
    """
    used = tops > 0
    return np.count_nonzero(used, axis=1), np.count_nonzero(used & (tops < _half(reading)), axis=1)


def _weak_units(words: Array, reading: Reading) -> tuple[Array, Array]:
    """The same for the units of samples: (samples, words)."""
    count = len(words)
    if not reading.unit:
        nothing = np.zeros(count, np.intp)
        return nothing, nothing
    grid = words.reshape(-1, reading.unit)
    whole = reading.unit * reading.width % LONG == 0
    if reading.kind in FIELDS and reading.dtype != "F8_E5M2" and whole:
        used, strong = _strong_by_bits(grid, *FIELDS[reading.kind])
        weak = used & ~strong
        return tuple(np.count_nonzero(m.reshape(count, -1), axis=1) for m in (used, weak))
    codes = _signed_codes(grid, reading)
    lowest = 0 if reading.symmetric else codes.min(axis=1)
    tops = (np.abs(codes) if reading.symmetric else codes).max(axis=1) - lowest
    return _weak(tops.reshape(count, -1), reading)


def _strong_by_bits(grid: Array, mask: int, step: int) -> tuple[Array, Array]:
    """Which units are not all zero, and in which of them a code reaches half the range.

    Eight bytes at once: `mask` leaves magnitudes, `step` lifts half the range to a sign bit.
    """
    magnitudes = grid.view(np.uint64) & np.uint64(mask)
    used = _any_bit(magnitudes) != 0
    strong = (_any_bit(magnitudes + np.uint64(step)) & np.uint64(~mask & ALL)) != 0
    return used, strong


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
