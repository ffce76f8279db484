"""Read a file once: its sha256 and what its values are, from the same buffers.

`scan_file` is a pure function of a file and its layout: files are scanned in any order, by any
worker, on any machine that sees them, and their results are joined by name.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import CheckpointError
from release.scan.layout import Segment
from release.scan.values import FileScan, Values

if TYPE_CHECKING:
    from release.scan.tally import Tally

__all__ = ["PIECE", "FileScan", "Segment", "Values", "scan_file"]

PIECE = 512 << 10
"""Bytes read, hashed and judged while they are in the cache of a core; see benchmarks/scan.py."""

BATCH = 8
"""Pieces that are handed to a helper at once: waking it costs as much as one piece."""

Advance = Callable[[int], object]


def scan_file(
    place: Path,
    name: str,
    segments: Iterable[Segment] = (),
    advance: Advance = lambda _count: None,
    helper: Executor | None = None,
) -> FileScan:
    """Hash a file and tally its segments, which are in order of their positions.

    `advance` is called with the bytes of every piece, and may raise to stop. sha256 cannot be
    split, so of one file it fills one core; `helper` (one thread) tallies beside it. Raises
    `CheckpointError` when the file cannot be read, or ends inside a segment.
    """
    try:
        with place.open("rb", buffering=0) as stream:
            return _Scanner(stream, name, advance, helper).scan(segments)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise CheckpointError(name, what, "check the file and the disk") from None


class _Scanner:
    """One open file, read from its first byte to its last."""

    def __init__(
        self, stream: FileIO, name: str, advance: Advance, helper: Executor | None
    ) -> None:
        self._stream, self._name = stream, name
        self._advance, self._helper = advance, helper
        self._digest = hashlib.sha256()
        self._buffer = memoryview(bytearray(PIECE * (BATCH if helper else 1)))
        self._position = 0
        self._again = 0

    def scan(self, segments: Iterable[Segment]) -> FileScan:
        tensors: dict[str, Values] = {}
        for segment in segments:
            for piece in self._pieces(segment.start, PIECE):
                self._digest.update(piece)
            tensors[segment.tensor] = self._tally(segment)
        for piece in self._pieces(None, PIECE):
            self._digest.update(piece)
        return FileScan(self._name, self._position, self._digest.hexdigest(), tensors, self._again)

    def _tally(self, segment: Segment) -> Values:
        from release.scan.suspicion import Recheck  # noqa: PLC0415 - numpy, for shards only
        from release.scan.tallies import tally_of  # noqa: PLC0415

        tally = tally_of(segment.reading, segment.end - segment.start)
        step = segment.reading.step(PIECE)
        batch = step * (BATCH if self._helper else 1)
        for piece in self._pieces(segment.end, batch):
            if self._position < segment.end and len(piece) < batch:
                break  # not whole rows, for the file ends here
            if self._helper is None:
                self._digest.update(piece)
                tally.add(piece)
            else:
                done = self._helper.submit(_add_pieces, tally, piece, step)
                self._digest.update(piece)
                done.result()
        if self._position < segment.end:
            what = f"ends at byte {self._position:,}, inside {segment.tensor!r}"
            raise CheckpointError(self._name, what, "verify again when nothing writes to it")
        recheck = Recheck(self._stream.fileno())
        values = tally.values(segment, recheck)
        self._again += recheck.again
        return values

    def _pieces(self, end: int | None, limit: int) -> Iterator[memoryview]:
        """Read on to byte `end`, or to the end of the file; each piece is valid until the next."""
        while end is None or self._position < end:
            count = limit if end is None else min(limit, end - self._position)
            piece = _read_full(self._stream, self._buffer[:count])
            if not piece:
                return
            self._position += len(piece)
            self._advance(len(piece))
            yield piece


def _add_pieces(tally: "Tally", batch: memoryview, step: int) -> None:
    for start in range(0, len(batch), step):
        tally.add(batch[start : start + step])


def _read_full(stream: FileIO, buffer: memoryview) -> memoryview:
    """Fill the buffer, or as much of it as the file still has: one read may bring less."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return buffer[:filled]
