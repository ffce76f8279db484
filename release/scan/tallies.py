"""The tallies of weights, one class for each kind of word."""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import SMALL_TENSOR, Kind, Reading, Segment
from release.scan.packing import padding_rows, zero_row
from release.scan.scales import ScaleTally
from release.scan.suspicion import Recheck
from release.scan.tally import SIGNED, Tally, add_hits, decode_float
from release.scan.values import Codes, Indices, Values

Words = npt.NDArray[Any]


CHANNEL_STEP = 8
"""Of channels, each with a scale of its own, the codes of every eighth are looked at."""


class FloatTally(Tally):
    """Floats and FP8 codes, by two reductions.

    The largest word of signed integers is the largest positive float, that of unsigned ones the
    most negative float; NaN and Inf are larger than any other.
    """

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        form = reading.format
        self._sign, self._bad, self._magnitude = form.sign, form.bad, form.sign - 1
        self._step = channel_step(reading, size)

    def look(self, words: Words) -> None:
        """Find the largest and the most negative float, and rows of zeros."""
        signed = SIGNED[self.reading.width]
        high, low = int(words.view(signed).max()), int(words.max())
        self.note_zero_rows(words, self._magnitude)
        if high >= self._bad or low >= self._sign + self._bad:
            words = self._without_bad(words)
            high, low = int(words.view(signed).max()), int(words.max())
        top = max(high, low - self._sign, 0)
        self.top = max(self.top, top)
        if self._step:
            size = self.rows(words)[:: self._step] & words.dtype.type(self._magnitude)
            self._tops.append(np.maximum.reduce(size, axis=1))
        elif self.reading.block and top:
            self._look_at_blocks(self.rows(words))

    def _without_bad(self, words: Words) -> Words:
        size = words & words.dtype.type(self._magnitude)
        bad = size >= self._bad
        self.bad = add_hits(self.bad, bad, self.words)
        if self.reading.format.infinity is not None:
            self.infinite += int(np.count_nonzero(size == self.reading.format.infinity))
        return np.where(bad, words.dtype.type(0), words)

    def _look_at_blocks(self, grid: Words) -> None:
        """Keep the largest codes of every eighth strip of blocks."""
        rows, columns = self.reading.block or (1, 1)
        strip = self.words // self.reading.row // rows
        if strip % 8:
            return
        size = grid & grid.dtype.type(self._magnitude)
        edges = np.arange(0, size.shape[1], columns)
        tops = np.maximum.reduceat(size.max(axis=0), edges)
        before = self._block_tops.get(strip)
        self._block_tops[strip] = tops if before is None else np.maximum(before, tops)

    def decode(self, word: int) -> float:
        """The value of a magnitude word."""
        return decode_float(word, self.reading.dtype)


class IntegerTally(Tally):
    """INT8 codes, by two reductions; INT4 stored one to a byte too."""

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._step = channel_step(reading, size)

    def look(self, words: Words) -> None:
        """Find the largest and the smallest code, and rows of zeros."""
        codes = words.view(np.int8)
        self.top = max(self.top, int(codes.max()), -int(codes.min()))
        if self.reading.symmetric:  # else zero is the code of a zero point
            self.note_zero_rows(words, 0xFF)
        if self._step:
            grid = self.rows(codes)[:: self._step]
            high = np.maximum.reduce(grid, axis=1).astype(np.int32)
            self._tops.append(np.maximum(high, -np.minimum.reduce(grid, axis=1).astype(np.int32)))


class PackedTally(Tally):
    """Codes packed into words: FP4 pairs in bytes, offset integers in a stream of bits."""

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._zeros = zero_row(reading)
        self._ragged = reading.row * 32 > reading.columns * reading.bits > 0

    def look(self, words: Words) -> None:
        """Find rows of zeros, and rows with something behind their last code."""
        if self._ragged:
            beyond = padding_rows(self.rows(words), self.reading)
            self.padding = add_hits(self.padding, beyond, self.words // self.reading.row)
        zero = False
        if self.reading.kind is Kind.FP4:
            zero = self.note_zero_rows(words, 0x77)
        elif self._zeros is not None:
            zero = self.note_zero_rows(words, 0xFFFF_FFFF, self._zeros)
        self.top = self.top or int(not zero)


def channel_step(reading: Reading, size: int) -> int:
    """Every how many rows to look at the codes of each; 0 where a row has no scale of its own."""
    if not reading.codes or not reading.row or reading.unit != reading.row:
        return 0
    return CHANNEL_STEP if size > SMALL_TENSOR else 1


class IndexTally(Tally):
    """The group of each column: as many integers as a weight has columns, all of them kept."""

    weighed = False

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._kept: list[Words] = []

    def look(self, words: Words) -> None:
        """Keep them."""
        self._kept.append(words.view(np.int64 if self.reading.width == 8 else np.int32).copy())  # noqa: PLR2004

    def values(self, segment: Segment, recheck: Recheck, codes: Codes | None = None) -> Values:  # noqa: ARG002
        """What was tallied."""
        if not self._kept:
            return Values(0)
        numbers, counts = np.unique(np.concatenate(self._kept), return_counts=True)
        indices = Indices(
            int(numbers[0]), int(numbers[-1]), len(numbers), int(counts.min()), int(counts.max())
        )
        return Values(self.words, indices=indices)


CLASSES: dict[str, type[Tally]] = {
    Kind.FLOAT.value: FloatTally,
    Kind.INTEGER.value: IntegerTally,
    Kind.FP4.value: PackedTally,
    Kind.PACKED.value: PackedTally,
    Kind.SCALE.value: ScaleTally,
    Kind.INDEX.value: IndexTally,
    Kind.RAW.value: Tally,
}


def tally_of(reading: Reading, size: int) -> Tally:
    """Make the tally of a tensor of `size` bytes."""
    return CLASSES[reading.kind.value](reading, size)
