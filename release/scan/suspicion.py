"""What eight bytes of every page make likely, and a second look at the bytes makes certain."""

import hashlib

import numpy as np
import numpy.typing as npt

from release.checkpoint.source import Stream
from release.scan.layout import Segment
from release.scan.values import Hole

Words = npt.NDArray[np.uint64]

PAGE = 4096
MARK = 8
LONG = 64 << 10
LEAST_MARKS = LONG // PAGE - 1
BLANK = (b"\x00" * MARK, b"\xff" * MARK)
BLANK_WORDS = {0, (1 << 64) - 1}
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


class Marks:
    """Eight bytes of every page of one tensor, as they go by: few of them are kept."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._count = 0
        self._first = b""
        self.alike = True
        self._run = (0, 0, 0)  # blank word, first mark, marks
        self._runs: list[tuple[int, int, int]] = []

    def add(self, words: Words) -> None:
        """Take the marks of a piece."""
        raw = words.tobytes()
        self._hash.update(raw)
        self._first = self._first or raw[:MARK]
        self.alike = self.alike and raw == self._first * len(words)
        if BLANK[0] in raw or BLANK[1] in raw:
            self._follow(words)
        elif self._run[2]:
            self._end_run()
        self._count += len(words)

    def digest(self) -> bytes:
        """Equal for tensors with the same marks."""
        return self._hash.digest()

    def runs(self) -> list[tuple[int, int, int]]:
        """Long runs of blank marks: the byte, the first mark, how many. At most 16 of them."""
        self._end_run()
        return self._runs

    def _follow(self, words: Words) -> None:
        for place, word in enumerate(words.tolist(), self._count):
            blank = word in BLANK_WORDS
            if self._run[2] and not (blank and word == self._run[0]):
                self._end_run()
            if blank:
                first = self._run[1] if self._run[2] else place
                self._run = (word, first, self._run[2] + 1)

    def _end_run(self) -> None:
        word, first, count = self._run
        if count >= LEAST_MARKS and len(self._runs) < MOST_RUNS:
            self._runs.append((word & 0xFF, first, count))
        self._run = (0, 0, 0)


def is_constant(segment: Segment, marks: Marks, head: bytes, recheck: Recheck) -> bool:
    """Whether a tensor of at least two words repeats its first word."""
    first = head[: segment.reading.width]
    size = segment.end - segment.start
    if not first or size < 2 * len(first) or not marks.alike:
        return False
    pattern = first * (MARK // len(first))
    if head != (pattern * MARK)[: len(head)]:
        return False
    return len(head) == size or recheck.repeats(segment.start, segment.end, pattern)


def find_hole(segment: Segment, marks: Marks, recheck: Recheck) -> Hole | None:
    """The first run of 64 KiB or more of 0x00 or 0xFF bytes in a tensor."""
    for byte, first, count in marks.runs():
        hole = _measure(segment, first, first + count, byte, recheck)
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
    paged = -low % PAGE < SLACK or high % PAGE < SLACK
    torn = paged and not segment.reading.table  # a table's rows of zeros may end anywhere
    if row:
        torn = torn or -start % row >= SLACK or (start + length) % row >= SLACK
    return Hole(start, length, byte, torn)


def _leading(mask: npt.NDArray[np.bool_]) -> int:
    return len(mask) if mask.all() else int((~mask).argmax())
