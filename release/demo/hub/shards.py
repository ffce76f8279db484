"""Reads the shards hf_xet leaves behind: which sha256 is which xet hash.

A shard starts with a 48-byte header, then come the files: for each one a 48-byte head (hash,
flags, number of segments), the segments, as many verification rows if flag bit 31 is set, and
one row with the sha256 if bit 30 is set. A head whose hash is all ones ends the section.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROW = 48
MAGIC = b"HFRepoMetaData\0"
HAS_VERIFICATION = 1 << 31
HAS_SHA256 = 1 << 30
END = b"\xff" * 32


class Stored(NamedTuple):
    """A file in xet storage; `sha256` is what the uploader said, checked by nobody yet."""

    sha256: str
    xet_hash: str
    size: int


def read_shard(path: Path) -> Iterator[Stored]:
    """Yield the files of a shard that have a sha256. Raises ValueError for a broken shard."""
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise ValueError(f"{path.name} is not a shard")
    at = ROW
    while (head := _row(content, at, path))[:32] != END:
        flags, segments = struct.unpack_from("<II", head, 32)
        size = sum(_segment_size(content, at + ROW * (1 + i), path) for i in range(segments))
        at += ROW * (1 + segments + (segments if flags & HAS_VERIFICATION else 0))
        if flags & HAS_SHA256:
            yield Stored(_hex(_row(content, at, path)), _hex(head), size)
            at += ROW


def _segment_size(content: bytes, at: int, path: Path) -> int:
    (size,) = struct.unpack_from("<I", _row(content, at, path), 36)
    return int(size)


def _row(content: bytes, at: int, path: Path) -> bytes:
    row = content[at : at + ROW]
    if len(row) != ROW:
        raise ValueError(f"{path.name} ends inside a row")
    return row


def _hex(row: bytes) -> str:
    # A hash is kept as four 64-bit little-endian words and written as their hexadecimals.
    return "".join(f"{word:016x}" for word in struct.unpack_from("<4Q", row))
