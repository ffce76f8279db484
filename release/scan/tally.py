"""Tallies: what is kept of a tensor's values while its bytes go by, one class for each kind.

A piece is looked at while it is in the cache, by reductions that write no array as large as
itself; what needs more than that is made from a sample, or only where something is wrong.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.codes import Sample, summarise_codes
from release.scan.layout import Kind, Reading, Segment
from release.scan.suspicion import MARK, PAGE, Marks, Recheck, find_hole, is_constant
from release.scan.values import NONE, Codes, Hits, Values

Words = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

UNSIGNED: dict[int, np.dtype[Any]] = {
    8: np.dtype(np.uint64),
    1: np.dtype(np.uint8),
    2: np.dtype(np.uint16),
    4: np.dtype(np.uint32),
}
SIGNED: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.int8),
    2: np.dtype(np.int16),
    4: np.dtype(np.int32),
}
KEPT_BYTES = 64
PACKED = {Kind.FP4, Kind.PACKED}


def add_hits(hits: Hits, mask: Mask, start: int) -> Hits:
    """Count the set places of a piece that begins at word `start`."""
    count = int(np.count_nonzero(mask))
    if not count:
        return hits
    first = start + int(mask.argmax()) if hits.first is None else hits.first
    return Hits(hits.count + count, first)


class Tally:
    """The values of one tensor, piece by piece, as `Reading.step` cuts it.

    This much is done for every kind: the head, the marks, the sample, and rows of zeros.
    """

    def __init__(self, reading: Reading, size: int) -> None:
        self.reading = reading
        self.words = 0
        self.sample = Sample(reading, size)
        self.bad = NONE
        self.padding = NONE
        self.infinite = 0
        self.top = 0
        self._head = b""
        self._position = 0
        self._marks = Marks()
        self._zero: list[Mask] = []
        self._tops: list[Words] = []
        self._block_tops: dict[int, Words] = {}

    def add(self, piece: memoryview) -> None:
        """Take the next bytes."""
        if not self._position:
            self._head = bytes(piece[:KEPT_BYTES])
        self._mark(piece)
        self.sample.add(piece, self._position)
        words = np.frombuffer(piece, UNSIGNED[self.reading.width])
        self.look(words)
        self.words += len(words)
        self._position += len(piece)

    def look(self, words: Words) -> None:
        """Tally the words of one piece."""

    def values(self, segment: Segment, recheck: Recheck) -> Values:
        """What was tallied. Where it looks suspicious, the bytes are looked at again."""
        zero = np.concatenate(self._zero) if self._zero else np.zeros(0, np.bool_)
        valued = self.reading.kind not in {Kind.RAW, Kind.INDEX}
        nothing = valued and not self.top and not self.bad
        constant = nothing or is_constant(segment, self._marks, self._head, recheck)
        look = valued and not constant and not self.reading.table
        return Values(
            words=self.words,
            top=self.decode(self.top),
            bad=self.bad,
            infinite=self.infinite,
            rows=len(zero),
            zero_rows=add_hits(NONE, zero, 0),
            zero_run=_longest_run(zero),
            padding=self.padding,
            zero=nothing,
            constant=constant,
            hole=find_hole(segment, self._marks, recheck) if look else None,
            codes=self._codes() if self.reading.codes else None,
            mark=self._marks.digest(),
            head=self._head,
        )

    def decode(self, word: int) -> float:
        """The value of a magnitude word."""
        return float(word)

    def rows(self, words: Words) -> Words:
        """The words as rows; all of them as one row where rows mean nothing."""
        return words.reshape(-1, self.reading.row or len(words))

    def note_rows(self, zero: Mask) -> None:
        """Keep which rows are zero, if rows are looked at."""
        if self.reading.row:
            self._zero.append(zero)

    def _mark(self, piece: memoryview) -> None:
        """Keep eight bytes of every page: two tensors with the same marks may be copies."""
        first = -self._position % PAGE
        count = (len(piece) - first) // MARK
        if count > 0:
            words = np.frombuffer(piece, np.uint64, count, first)
            self._marks.add(words[:: PAGE // MARK].copy())

    def _codes(self) -> Codes | None:
        tops = [*self._tops, *self._block_tops.values()]
        if tops:
            return summarise_codes(self.sample, np.concatenate(tops))
        known = self.reading.unit or self.reading.block or self.reading.kind in PACKED
        return summarise_codes(self.sample, None if known else np.array([self.top]))


def decode_floats(magnitudes: Words, dtype: str) -> npt.NDArray[np.float64]:
    """Give the values of magnitude words (sign bit clear) of a dtype of `FORMATS`."""
    words = magnitudes.astype(np.uint32)
    if dtype == "BF16":
        return (words << 16).view(np.float32).astype(np.float64)
    if dtype == "F32":
        return words.view(np.float32).astype(np.float64)
    if dtype in {"U8", "F8_E8M0"}:
        return np.ldexp(1.0, words.astype(np.int64) - 127)
    # F16 has 10 bits of mantissa, E4M3 has 3 and a bias of 7, E5M2 is the upper half of F16.
    if dtype == "F8_E4M3":
        exponent, mantissa = (words >> 3).astype(np.int64), (words & 7).astype(np.float64)
        normal = np.ldexp(1 + mantissa / 8, exponent - 7)
        return np.where(exponent == 0, np.ldexp(mantissa, -9), normal)
    halves = words << 8 if dtype == "F8_E5M2" else words
    return halves.astype(np.uint16).view(np.float16).astype(np.float64)


def _longest_run(mask: Mask) -> int:
    if not mask.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max())
