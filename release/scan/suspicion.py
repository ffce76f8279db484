"""What eight bytes of every page make likely, and a second look at the bytes makes certain."""

import numpy as np
import numpy.typing as npt

from release.checkpoint.source import Stream
from release.scan.layout import Segment
from release.scan.values import Hole

PAGE = 4096
MARK = 8
LONG = 64 << 10
LEAST_MARKS = LONG // PAGE - 1
BLANK = (b"\x00" * MARK, b"\xff" * MARK)
ALL = np.uint64((1 << 64) - 1)
MOST_RUNS = 16
PIECE = 256 << 10
SLACK = 8
"""Bytes that may by chance continue a hole beyond the page it ends at."""


class Recheck:
    """Reads parts of one open file again. `again` counts the bytes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.again = 0

    def read(self, start: int, end: int) -> npt.NDArray[np.uint8]:
        """The bytes from `start` to `end`, fewer where the file has become shorter."""
        raw = self._stream.read_at(start, max(0, end - start))
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
    """Whether a tensor of at least two words repeats its first word.

    `marks` are eight bytes of every page of it, `head` its first bytes.
    """
    first = head[: segment.reading.width]
    size = segment.end - segment.start
    if not first or size < 2 * len(first):
        return False
    pattern = first * (MARK // len(first))
    if head != (pattern * MARK)[: len(head)] or marks != marks[:MARK] * (len(marks) // MARK):
        return False
    return len(head) == size or recheck.repeats(segment.start, segment.end, pattern)


def find_hole(segment: Segment, marks: bytes, recheck: Recheck) -> Hole | None:
    """The first run of 64 KiB or more of 0x00 or 0xFF bytes in a tensor."""
    for byte, first, count in _blank_runs(marks):
        hole = _measure(segment, first, first + count, byte, recheck)
        if hole is not None:
            return hole
    return None


def _blank_runs(marks: bytes) -> list[tuple[int, int, int]]:
    """Long runs of blank marks: the byte, the first mark, how many. At most 16 of them."""
    if not any(blank in marks for blank in BLANK):
        return []
    words = np.frombuffer(marks, np.uint64)
    starts = np.flatnonzero(np.concatenate(([True], words[1:] != words[:-1])))
    counts = np.diff(np.append(starts, len(words)))
    blank = (words[starts] == 0) | (words[starts] == ALL)
    long = np.flatnonzero(blank & (counts >= LEAST_MARKS))[:MOST_RUNS]
    return [(int(words[starts[i]]) & 0xFF, int(starts[i]), int(counts[i])) for i in long]


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
    paged = -low % PAGE < SLACK or high % PAGE < SLACK
    torn = paged and not segment.reading.table  # a table's rows of zeros may end anywhere
    if row:
        torn = torn or -start % row >= SLACK or (start + length) % row >= SLACK
    return Hole(start, length, byte, torn)


def _leading(mask: npt.NDArray[np.bool_]) -> int:
    return len(mask) if mask.all() else int((~mask).argmax())
