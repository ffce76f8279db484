"""Read a file once: its sha256 and what its values are, from the same buffers.

`scan_file` is a pure function of a file and its layout: files are scanned in any order, by any
worker, on any machine that sees them, and their results are joined by name.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from mmap import mmap
from typing import TYPE_CHECKING

from release.checkpoint.source import Place, Stream, open_stream
from release.errors import CheckpointError
from release.scan.layout import Kind, Segment
from release.scan.values import FileScan, Values

if TYPE_CHECKING:
    from release.scan.finish import Finish
    from release.scan.tally import Tally

__all__ = ["PIECE", "FileScan", "Segment", "Values", "scan_file"]

PIECE = 1 << 20
"""Bytes read, hashed and judged while they are in the cache of a core; see benchmarks/scan.py."""

LINE = 64
"""Bytes of a cache line. A piece lies in memory half of one off from where it lies in its file:
words stay aligned, and copying is 1 % faster than from line to line."""

Advance = Callable[[int], object]
Herd = tuple[Segment, ...]
"""Tensors side by side that are taken together: one, or scales that are stored alike."""

Part = tuple[Herd, int]
"""Whose the next bytes are, and how many: a herd's, a piece of a tensor's, or none's."""


def scan_file(
    place: Place,
    name: str,
    segments: Iterable[Segment] = (),
    advance: Advance = lambda _count: None,
) -> FileScan:
    """Hash a file and tally its segments, which are in order of their positions.

    `advance` is called with the bytes of every piece, and may raise to stop. sha256 cannot be
    split, so one file takes as long as its hash does on one core, and a tenth more; a second
    thread that tallies beside the hash was tried and gained nothing. Raises `CheckpointError` when
    the file cannot be read, or ends inside a segment.
    """
    with open_stream(place, name) as stream:
        return _Scanner(stream, name, advance).scan(segments)


class _Scanner:
    """One open file, read from its first byte to its last."""

    def __init__(self, stream: Stream, name: str, advance: Advance) -> None:
        self._stream, self._name, self._advance = stream, name, advance
        self._digest = hashlib.sha256()
        self._buffer = memoryview(mmap(-1, PIECE + LINE))  # aligned to a page
        self._position = 0
        self._tally: Tally | None = None
        self._finish: Finish | None = None

    def scan(self, segments: Iterable[Segment]) -> FileScan:
        for batch in _batches(_parts(segments)):
            size = sum(length for _, length in batch)
            raw = self._read(size)
            if len(raw) < size:
                raise self._ended(batch)
            self._digest.update(raw)
            self._take(batch, raw)
        while raw := self._read(PIECE):
            self._digest.update(raw)
        digest = self._digest.hexdigest()
        tensors = self._finish.all() if self._finish else {}
        again = self._finish.recheck.again if self._finish else 0
        return FileScan(self._name, self._position, digest, tensors, again)

    def _take(self, batch: list[Part], raw: memoryview) -> None:
        """Tally the parts of a batch; of the last one, the tensor may go on in the next batch."""
        if self._finish is None:
            from release.scan.finish import Finish  # noqa: PLC0415 - numpy, for shards only

            self._finish = Finish(self._stream)
        place, position = 0, self._position - len(raw)
        for herd, length in batch:
            part, place = raw[place : place + length], place + length
            if herd and herd[0].reading.kind is Kind.SCALE and length == _size(herd):
                self._finish.scales(herd, part)
            elif herd:
                self._add(herd[0], part, position + place)

    def _add(self, segment: Segment, part: memoryview, end: int) -> None:
        """Tally the next bytes of a tensor, which end at a position of the file."""
        assert self._finish  # noqa: S101 - there are parts
        if self._tally is None:
            self._tally = self._finish.start(segment)
        if part:
            self._tally.add(part)
        if end == segment.end:
            self._finish.end(segment, self._tally)
            self._tally = None

    def _read(self, count: int) -> memoryview:
        """Read `count` bytes, fewer at the end of the file; valid until the next."""
        start = (self._position + LINE // 2) % LINE
        raw = _read_full(self._stream, self._buffer[start : start + count])
        self._position += len(raw)
        self._advance(len(raw))
        return raw

    def _ended(self, batch: list[Part]) -> CheckpointError:
        cut = (part.tensor for herd, _ in batch for part in herd if part.end > self._position)
        where = next(cut, None)
        what = f"ends at byte {self._position:,}, inside {where!r}"
        return CheckpointError(self._name, what, "verify again when nothing writes to it")


def _parts(segments: Iterable[Segment]) -> Iterator[Part]:
    """Cut a file up to the end of its last segment: what lies between them belongs to none."""
    position = 0
    for herd in _herds(segments):
        start, end = herd[0].start, herd[-1].end
        while position < start:
            length = min(PIECE, start - position)
            position += length
            yield (), length
        step = herd[0].reading.step(PIECE)
        while position < end:
            length = min(step, end - position)
            position += length
            yield herd, length
        if start == end:
            yield herd, 0


def _herds(segments: Iterable[Segment]) -> Iterator[Herd]:
    """Join scales that are stored alike, as many as a piece holds."""
    herd: list[Segment] = []
    for segment in segments:
        if herd and not _belongs(segment, herd):
            yield tuple(herd)
            herd = []
        herd.append(segment)
    if herd:
        yield tuple(herd)


def _belongs(segment: Segment, herd: list[Segment]) -> bool:
    first = herd[0]
    alike = segment.reading is first.reading or segment.reading == first.reading
    return (
        alike
        and first.reading.kind is Kind.SCALE
        and segment.start == herd[-1].end
        and segment.end - segment.start == first.end - first.start
        and segment.end - first.start <= PIECE
    )


def _size(herd: Herd) -> int:
    return herd[-1].end - herd[0].start


def _batches(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """Join parts that are read and hashed at once."""
    batch: list[Part] = []
    room = PIECE
    for part in parts:
        if part[1] > room and batch:
            yield batch
            batch, room = [], PIECE
        batch.append(part)
        room -= part[1]
    if batch:
        yield batch


def _read_full(stream: Stream, buffer: memoryview) -> memoryview:
    """Fill the buffer, or as much of it as the file still has: one read may bring less."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return buffer[:filled]
