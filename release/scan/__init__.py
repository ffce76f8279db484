"""Read a file once: its sha256 and what its values are, from the same buffers.

`scan_file` is a pure function of a file and its layout. Files are scanned in any order, by any
worker; their results are joined by name.
"""

import hashlib
from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path

import msgspec

from release.errors import CheckpointError
from release.scan.layout import Reading, Segment
from release.scan.tally import Tally, Values

PIECE = 1 << 20
"""Bytes read, hashed and judged while they are in the cache; see benchmarks."""

Advance = Callable[[int], object]


class FileScan(msgspec.Struct, frozen=True):
    """One file: sha256 in hex, bytes read, and the values of every tensor in it."""

    path: str
    size: int
    sha256: str
    tensors: dict[str, Values]


def scan_file(
    place: Path, name: str, segments: Iterable[Segment], advance: Advance = lambda _count: None
) -> FileScan:
    """Hash a file and tally its segments, which are in order of their positions.

    `advance` is called with the bytes of every piece. Raises `CheckpointError` when the file
    cannot be read, or ends before its last segment.
    """
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(PIECE))
    scratch = memoryview(bytearray(PIECE))
    tensors: dict[str, Values] = {}
    position = 0

    def read(count: int, stream: FileIO) -> memoryview:
        nonlocal position
        piece = _read_full(stream, buffer[:count])
        digest.update(piece)
        position += len(piece)
        advance(len(piece))
        return piece

    try:
        with place.open("rb", buffering=0) as stream:
            for segment in segments:
                while position < segment.start and read(
                    min(PIECE, segment.start - position), stream
                ):
                    pass
                tally = Tally(segment.reading, scratch)
                step = segment.reading.step(PIECE)
                while position < segment.end:
                    piece = read(min(step, segment.end - position), stream)
                    if not piece:
                        what = f"ends at byte {position:,}, inside {segment.tensor!r}"
                        raise CheckpointError(name, what, "verify again when nothing writes to it")
                    tally.add(piece)
                tensors[segment.tensor] = tally.values()
            while read(PIECE, stream):
                pass
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise CheckpointError(name, what, "check the file and the disk") from None
    return FileScan(name, position, digest.hexdigest(), tensors)


def _read_full(stream: FileIO, buffer: memoryview) -> memoryview:
    """Fill the buffer, or as much of it as the file still has: one read may bring less."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return buffer[:filled]


__all__ = ["PIECE", "FileScan", "Reading", "Segment", "Tally", "Values", "scan_file"]
