"""Tallies: what is kept of a tensor's values while its bytes go by."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from release.scan.layout import Reading

Words = npt.NDArray[np.unsignedinteger[Any]]

UNSIGNED: dict[int, type[np.unsignedinteger[Any]]] = {1: np.uint8, 2: np.uint16, 4: np.uint32}
KEPT_BYTES = 64
SAMPLE_BYTES = 64 << 10
SAMPLES = 2


class Hits(msgspec.Struct, frozen=True):
    """Words of one kind: how many, and the index of the first (in words, row by row)."""

    count: int = 0
    first: int | None = None

    def plus(self, mask: npt.NDArray[np.bool_], start: int) -> "Hits":
        """Count the set places of a piece that begins at word `start`."""
        count = int(np.count_nonzero(mask))
        if not count:
            return self
        first = start + int(mask.argmax()) if self.first is None else self.first
        return Hits(self.count + count, first)


class Values(msgspec.Struct, frozen=True):
    """What a tensor holds. Indices count words, rows count from 0.

    `top` is the largest magnitude word, `low` the smallest word of scales. `bad` are NaN or Inf,
    `negative` and `zero` are tallied of scales only. `zero_rows` are all-zero rows, of `rows`;
    `zero_run` is the longest run of them. `histogram` counts the bytes of a sample. `head` are the
    first bytes, all of them in a small tensor.
    """

    words: int
    top: int
    low: int | None
    bad: Hits
    negative: Hits
    zero: Hits
    rows: int
    zero_rows: Hits
    zero_run: int
    histogram: tuple[int, ...]
    head: bytes


class Tally:
    """The values of one tensor, piece by piece, as `Reading.step` cuts it.

    `scratch` is as large as the largest piece; tallies of one worker may share it.
    """

    def __init__(self, reading: Reading, scratch: memoryview) -> None:
        self._reading = reading
        self._scratch = scratch
        self._type = UNSIGNED[reading.width]
        self._words = 0
        self._top, self._low = 0, (1 << 8 * reading.width) - 1
        self._bad = self._negative = self._zero = self._zero_rows = Hits()
        self._rows = self._zero_run = self._run = 0
        self._part_of_row, self._top_of_row = 0, 0
        self._histogram = np.zeros(256, np.int64)
        self._samples = 0
        self._head = b""

    def add(self, piece: memoryview) -> None:
        """Take the next bytes."""
        if not self._words:
            self._head = bytes(piece[:KEPT_BYTES])
        if self._samples < SAMPLES:
            self._samples += 1
            sample = np.frombuffer(piece[:SAMPLE_BYTES], np.uint8)
            self._histogram += np.bincount(sample, minlength=256)
        words: Words = np.frombuffer(piece, self._type)
        if self._reading.least:
            self._add_scales(words)
        else:
            self._add_weights(words)
        self._words += len(words)

    def _add_weights(self, words: Words) -> None:
        reading = self._reading
        size: Words = words
        # Without a new array for every piece, all of this stays in the cache.
        scratch = np.frombuffer(self._scratch, self._type, len(words))
        if reading.flip:
            size = np.bitwise_xor(size, self._type(reading.flip), out=scratch)
        if reading.masks:
            size = np.bitwise_and(size, self._type(reading.keep), out=scratch)
        top = self._add_rows(size) if reading.row else int(size.max())
        self._top = max(self._top, top)
        if top >= reading.bad:
            self._bad = self._bad.plus(size >= reading.bad, self._words)

    def _add_rows(self, size: Words) -> int:
        row = self._reading.row
        if len(size) % row == 0 and not self._part_of_row:
            tops = np.maximum.reduce(size.reshape(-1, row), axis=1)
            self._add_zero_rows(tops == 0)
            return int(tops.max())
        # A row longer than a piece: it is zero only if all of its pieces are.
        top = int(size.max())
        self._top_of_row = max(self._top_of_row, top)
        self._part_of_row += len(size)
        if self._part_of_row >= row:
            self._add_zero_rows(np.array([self._top_of_row == 0]))
            self._part_of_row = self._top_of_row = 0
        return top

    def _add_zero_rows(self, zero: npt.NDArray[np.bool_]) -> None:
        before = self._zero_rows
        self._zero_rows = before.plus(zero, self._rows)
        self._rows += len(zero)
        if self._zero_rows is before:
            self._run = 0
            return
        for is_zero in zero.tolist():
            self._run = self._run + 1 if is_zero else 0
            self._zero_run = max(self._zero_run, self._run)

    def _add_scales(self, words: Words) -> None:
        top, low = int(words.max()), int(words.min())
        reading = self._reading
        self._low = min(self._low, low)
        if top < reading.bad and low > 0:
            self._top = max(self._top, top)
            return
        signed = reading.bad != EXPONENT_NAN
        size = words & self._type(reading.keep >> 1) if signed else words
        bad = size >= reading.bad
        self._bad = self._bad.plus(bad, self._words)
        self._zero = self._zero.plus(size == 0, self._words)
        if signed:
            self._negative = self._negative.plus((words > size) & (size > 0) & ~bad, self._words)
        fine = size[~bad]
        self._top = max(self._top, int(fine.max()) if len(fine) else 0)

    def values(self) -> Values:
        """What was tallied."""
        return Values(
            words=self._words,
            top=self._top,
            low=self._low if self._reading.least and self._words else None,
            bad=self._bad,
            negative=self._negative,
            zero=self._zero,
            rows=self._rows,
            zero_rows=self._zero_rows,
            zero_run=self._zero_run,
            histogram=tuple(self._histogram.tolist()),
            head=self._head,
        )


EXPONENT_NAN = 0xFF
"""The one value of an E8M0 scale that is no number; E8M0 has no sign."""
