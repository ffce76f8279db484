"""The tallies of weights, one class for each kind of word."""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import Kind, Reading, Segment
from release.scan.packing import padding_rows, zero_row
from release.scan.scales import ScaleTally
from release.scan.suspicion import Recheck
from release.scan.tally import SIGNED, Tally, add_hits, decode_floats
from release.scan.values import Indices, Values

Words = npt.NDArray[Any]


class FloatTally(Tally):
    """Floats and FP8 codes, by two reductions.

    The largest word of signed integers is the largest positive float, that of unsigned ones the
    most negative float; NaN and Inf are larger than any other.
    """

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        form = reading.format
        self._sign, self._bad = form.sign, form.bad
        self._channels = reading.codes and reading.row and reading.unit == reading.row

    def look(self, words: Words) -> None:
        """Reduce every row to its largest and its most negative float."""
        grid = self.rows(words)
        up = np.maximum.reduce(grid.view(SIGNED[self.reading.width]), axis=1)
        down = np.maximum.reduce(grid, axis=1)
        if int(up.max()) >= self._bad or int(down.max()) >= self._sign + self._bad:
            grid = self.rows(self._without_bad(words))
            up = np.maximum.reduce(grid.view(SIGNED[self.reading.width]), axis=1)
            down = np.maximum.reduce(grid, axis=1)
        top = max(int(up.max()), int(down.max()) - self._sign, 0)
        self.top = max(self.top, top)
        self.note_rows((up <= 0) & (down <= self._sign))
        if self._channels:
            positive = np.maximum(up, 0).astype(np.int32)
            self._tops.append(np.maximum(positive, down.astype(np.int32) - self._sign))
        elif self.reading.block and top:
            self._look_at_blocks(grid)

    def _without_bad(self, words: Words) -> Words:
        size = words & words.dtype.type(self._sign - 1)
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
        size = grid & grid.dtype.type(self._sign - 1)
        edges = np.arange(0, size.shape[1], columns)
        tops = np.maximum.reduceat(size.max(axis=0), edges)
        before = self._block_tops.get(strip)
        self._block_tops[strip] = tops if before is None else np.maximum(before, tops)

    def decode(self, word: int) -> float:
        """The value of a magnitude word."""
        return float(decode_floats(np.array([word]), self.reading.dtype)[0])


class IntegerTally(Tally):
    """INT8 codes, by two reductions; INT4 stored one to a byte too."""

    def look(self, words: Words) -> None:
        """Reduce every row to its largest and its smallest code."""
        grid = self.rows(words).view(np.int8)
        high, low = np.maximum.reduce(grid, axis=1), np.minimum.reduce(grid, axis=1)
        if self.reading.symmetric:  # else zero is the code of a zero point
            self.note_rows((high == 0) & (low == 0))
        tops = np.maximum(high.astype(np.int32), -low.astype(np.int32))
        self.top = max(self.top, int(tops.max()))
        if self.reading.row and self.reading.unit == self.reading.row:
            self._tops.append(tops)


class PackedTally(Tally):
    """Codes packed into words: FP4 pairs in bytes, offset integers in a stream of bits.

    One reduction finds the bits that differ from those of zeros, in each row.
    """

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._zeros = zero_row(reading)
        self._ragged = reading.row * 32 > reading.columns * reading.bits > 0
        self._scratch: Words = np.zeros((0, 0))

    def look(self, words: Words) -> None:
        """Find rows of zeros, and rows with something behind their last code."""
        grid = self.rows(words)
        if self._ragged:
            beyond = padding_rows(grid, self.reading)
            self.padding = add_hits(self.padding, beyond, self.words // self.reading.row)
        if self.reading.kind is Kind.FP4:
            self._note(_union(grid) & words.dtype.type(0x77))
        elif self._zeros is not None:
            if self._scratch.shape != grid.shape:
                self._scratch = np.empty_like(grid)
            self._note(_union(np.bitwise_xor(grid, self._zeros, out=self._scratch)))
        else:
            self.top = 1

    def _note(self, differing: Words) -> None:
        zero = differing == 0
        self.note_rows(zero)
        self.top = max(self.top, int(not zero.all()))


class IndexTally(Tally):
    """The group of each column: as many integers as a weight has columns, all of them kept."""

    def __init__(self, reading: Reading, size: int) -> None:
        super().__init__(reading, size)
        self._kept: list[Words] = []

    def look(self, words: Words) -> None:
        """Keep them."""
        self._kept.append(words.view(np.int64 if self.reading.width == 8 else np.int32).copy())  # noqa: PLR2004

    def values(self, segment: Segment, recheck: Recheck) -> Values:  # noqa: ARG002
        """What was tallied."""
        if not self._kept:
            return Values(0)
        numbers, counts = np.unique(np.concatenate(self._kept), return_counts=True)
        indices = Indices(
            int(numbers[0]), int(numbers[-1]), len(numbers), int(counts.min()), int(counts.max())
        )
        return Values(self.words, indices=indices)


def _union(grid: Words) -> Words:
    """All bits that occur in each row, by the widest words that a row divides into."""
    wide = grid if grid.shape[1] * grid.itemsize % 8 else grid.view(np.uint64)
    bits: Words = np.bitwise_or.reduce(wide, axis=1)
    if wide is not grid:
        bits = np.bitwise_or.reduce(bits.view(grid.dtype).reshape(len(grid), -1), axis=1)
    return bits


def tally_of(reading: Reading, size: int) -> Tally:
    """Make the tally of a tensor of `size` bytes."""
    classes: dict[Kind, type[Tally]] = {
        Kind.FLOAT: FloatTally,
        Kind.INTEGER: IntegerTally,
        Kind.FP4: PackedTally,
        Kind.PACKED: PackedTally,
        Kind.SCALE: ScaleTally,
        Kind.INDEX: IndexTally,
        Kind.RAW: Tally,
    }
    return classes[reading.kind](reading, size)
