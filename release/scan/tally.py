"""Tallies: what is kept of a tensor's values while its bytes go by, one class for each kind.

A piece is looked at while it is in the cache, by reductions that write no array as large as
itself; what needs more than that is made from a sample, or only where something is wrong.
"""

import hashlib
import math
import struct
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.codes import Sample
from release.scan.layout import EXPONENTS, Kind, Reading, Segment
from release.scan.suspicion import MARK, PAGE, Recheck, find_hole, is_constant
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
_F32, _F16 = struct.Struct("<f"), struct.Struct("<e")
KEPT_BYTES = 64
LONG, ALL = 8, (1 << 64) - 1
UNVALUED = {Kind.RAW, Kind.INDEX}
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

    This much is done for every kind: the head, and where it is `weighed` the marks, the sample, and
    rows of zeros.
    """

    weighed = True

    def __init__(self, reading: Reading, size: int) -> None:
        self.reading = reading
        self.words = 0
        self.bad = NONE
        self.padding = NONE
        self.infinite = 0
        self.top = 0
        self._head = b""
        self._position = 0
        if self.weighed:
            self.sample = Sample(reading, size)
        self._marks: list[bytes] = []
        self._rows = 0
        self._zero: list[Words] = []
        self._tops: list[Words] = []
        self._block_tops: dict[int, Words] = {}

    def add(self, piece: memoryview) -> None:
        """Take the next bytes."""
        if not self._position:
            self._head = bytes(piece[:KEPT_BYTES])
        if self.weighed:
            self._mark(piece)
            self.sample.add(piece, self._position)
        words = np.frombuffer(piece, UNSIGNED[self.reading.width])
        self.look(words)
        self.words += len(words)
        self._position += len(piece)

    def look(self, words: Words) -> None:
        """Tally the words of one piece."""

    def values(self, segment: Segment, recheck: Recheck, codes: Codes | None = None) -> Values:
        """What was tallied. Where it looks suspicious, the bytes are looked at again.

        `codes` is what was made of the sample.
        """
        valued = self.reading.kind not in UNVALUED
        nothing = valued and not self.top and not self.bad
        marks = b"".join(self._marks)
        constant = nothing or is_constant(segment, marks, self._head, recheck)
        look = valued and not constant
        zero_rows, zero_run, zero_run_at = self._zero_rows()
        return Values(
            words=self.words,
            top=self.decode(self.top),
            bad=self.bad,
            infinite=self.infinite,
            rows=self._rows,
            zero_rows=zero_rows,
            zero_run=zero_run,
            zero_run_at=zero_run_at,
            padding=self.padding,
            zero=nothing,
            constant=constant,
            hole=find_hole(segment, marks, recheck) if look else None,
            codes=codes,
            mark=hashlib.blake2b(marks, digest_size=16).digest(),
            head=self._head,
        )

    def decode(self, word: int) -> float:
        """The value of a magnitude word."""
        return float(word)

    def rows(self, words: Words) -> Words:
        """The words as rows; all of them as one row where rows mean nothing."""
        return words.reshape(-1, self.reading.row or len(words))

    def note_zero_rows(self, words: Words, mask: int, zeros: Words | None = None) -> bool:
        """Count the rows of a piece that are zero: all bits of `mask` as in `zeros`, or clear.

        Few rows begin with a zero, so that only those are looked at whole. Says if all are zero.
        """
        row = self.reading.row or len(words)
        if zeros is None and row * words.itemsize % LONG == 0:
            row = row * words.itemsize // LONG
            mask *= ALL // ((1 << 8 * words.itemsize) - 1)
            words = words.view(np.uint64)
        kept = words.dtype.type(mask)
        first = words[::row] & kept if zeros is None else (words[::row] ^ zeros[0]) & kept
        before = self._rows
        if self.reading.row:
            self._rows += len(first)
        if first.all():
            return False
        rows = np.flatnonzero(first == 0)
        whole = words.reshape(-1, row)[rows]
        whole = whole if zeros is None else whole ^ zeros
        rows = rows[~(whole & kept).any(axis=1)]
        if self.reading.row and len(rows):
            self._zero.append(rows + before)
        return len(rows) == len(first)

    def _zero_rows(self) -> tuple[Hits, int, int]:
        """How many rows are zero, the longest run of them and where it begins."""
        if not self._zero:
            return NONE, 0, 0
        rows = np.concatenate(self._zero)
        ends = np.flatnonzero(np.diff(rows) != 1) + 1
        starts = np.concatenate(([0], ends))
        runs = np.diff(np.append(starts, len(rows)))
        longest = int(runs.argmax())
        return Hits(len(rows), int(rows[0])), int(runs[longest]), int(rows[starts[longest]])

    def _mark(self, piece: memoryview) -> None:
        """Keep eight bytes of every page: two tensors with the same marks may be copies."""
        first = -self._position % PAGE
        count = (len(piece) - first) // MARK
        if count > 0:
            marks = np.frombuffer(piece, np.uint64, count, first)[:: PAGE // MARK]
            self._marks.append(marks.tobytes())

    def has_sample(self) -> bool:
        """Whether there is a sample to make something of."""
        return self.weighed and self.sample.size > 0

    def tops(self) -> Words | None:
        """The largest codes of units that were seen whole; None where the sample has to show it."""
        tops = [*self._tops, *self._block_tops.values()]
        if tops:
            return np.concatenate(tops)
        known = self.reading.unit or self.reading.block or self.reading.kind in PACKED
        return None if known else np.array([self.top])


@lru_cache(maxsize=4096)
def decode_float(word: int, dtype: str) -> float:
    """Give the value of one magnitude word (sign bit clear) of a dtype of `FORMATS`."""
    if dtype == "BF16":
        return _F32.unpack((word << 16).to_bytes(4, "little"))[0]  # type: ignore[no-any-return]
    if dtype == "F32":
        return _F32.unpack(word.to_bytes(4, "little"))[0]  # type: ignore[no-any-return]
    if dtype in EXPONENTS:
        return math.ldexp(1.0, word - 127)
    # F16 has 10 bits of mantissa, E4M3 has 3 and a bias of 7, E5M2 is the upper half of F16.
    if dtype == "F8_E4M3":
        exponent, mantissa = word >> 3, word & 7
        return math.ldexp(8 + mantissa, exponent - 10) if exponent else math.ldexp(mantissa, -9)
    half = word << 8 if dtype == "F8_E5M2" else word
    return _F16.unpack(half.to_bytes(2, "little"))[0]  # type: ignore[no-any-return]
