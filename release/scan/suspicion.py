"""What eight bytes of every page make likely, and a second look at the bytes makes certain."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import Segment
from release.scan.values import Hole

PAGE = 4096
MARK = 8
LONG = 64 << 10
LEAST_MARKS = LONG // PAGE - 1
BLANK = (b"\x00" * MARK, b"\xff" * MARK)
PIECE = 256 << 10
SLACK = 8
"""Bytes that may by chance continue a hole beyond the page it ends at."""


class Recheck:
    """Reads parts of one open file again. `again` counts the bytes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.again = 0

    def read(self, start: int, end: int) -> npt.NDArray[np.uint8]:
        """The bytes from `start` to `end`, fewer where the file has become shorter."""
        raw = os.pread(self._descriptor, max(0, end - start), start)
        self.again += len(raw)
        return np.frombuffer(raw, np.uint8)

    def repeats(self, start: int, end: int, pattern: bytes) -> bool:
        """Whether the bytes from `start` to `end` repeat eight bytes."""
        for begin in range(start, end, PIECE):
            raw = self.read(begin, min(begin + PIECE, end))
            whole = len(raw) // MARK * MARK
            rest = raw[whole:].tobytes()
            if (raw[:whole].view(np.uint64) != int.from_bytes(pattern, "little")).any():
                return False
            if rest != pattern[: len(rest)]:
                return False
        return True


def is_constant(segment: Segment, marks: bytes, head: bytes, recheck: Recheck) -> bool:
    """Whether a tensor of at least two words repeats its first word."""
    first = head[: segment.reading.width]
    size = segment.end - segment.start
    if not first or size < 2 * len(first):
        return False
    pattern = first * (MARK // len(first))
    if len(head) == size:
        return head == (pattern * (size // MARK + 1))[:size]
    if marks != pattern * (len(marks) // MARK) or head != (pattern * MARK)[: len(head)]:
        return False
    return recheck.repeats(segment.start, segment.end, pattern)


def find_hole(segment: Segment, marks: bytes, recheck: Recheck) -> Hole | None:
    """The first run of 64 KiB or more of 0x00 or 0xFF bytes in a tensor."""
    words: npt.NDArray[Any] = np.frombuffer(marks, np.uint64)
    if len(words) < LEAST_MARKS:
        return None
    for blank in BLANK:
        same = words == int.from_bytes(blank, "little")
        if np.count_nonzero(same) < LEAST_MARKS:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([0], same.astype(np.int8), [0]))))
        for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - first >= LEAST_MARKS:
                hole = _measure(segment, first, end, blank[0], recheck)
                if hole is not None:
                    return hole
    return None


def _measure(segment: Segment, first: int, end: int, byte: int, recheck: Recheck) -> Hole | None:
    """Find the ends of a run whose marks `first` to `end` are blank; None if it is no run."""
    low = segment.start + first * PAGE
    high = segment.start + (end - 1) * PAGE + MARK
    if not recheck.repeats(low, high, bytes([byte]) * MARK):
        return None
    before = recheck.read(max(segment.start, low - PAGE), low)
    after = recheck.read(high, min(segment.end, high + PAGE))
    low -= _leading(before[::-1] == byte)
    high += _leading(after == byte)
    if high - low < LONG:
        return None
    row = segment.reading.row * segment.reading.width
    start, length = low - segment.start, high - low
    torn = -low % PAGE < SLACK or high % PAGE < SLACK
    if row:
        torn = torn or -start % row >= SLACK or (start + length) % row >= SLACK
    return Hole(start, length, byte, torn)


def _leading(mask: npt.NDArray[np.bool_]) -> int:
    return len(mask) if mask.all() else int((~mask).argmax())
