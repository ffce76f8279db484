"""Scans of an earlier run, reused where a file looks unchanged: only when somebody asks for it.

A file that was written to and given its old size and time of change would not be noticed. So the
report says what was reused, and `release push` hashes that again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from release import __version__
from release.scan.pool import Task
from release.scan.values import FileScan
from release.whole import write_whole

Stamp = tuple[int, int]


class Remembered(msgspec.Struct, frozen=True):
    """The scan of a file of this size, inode and time of change (ns), read in this layout."""

    scan: FileScan
    stamp: Stamp
    layout: bytes


def recall(place: Path, tasks: Iterable[Task], stamps: Mapping[str, Stamp]) -> dict[str, FileScan]:
    """Give the scans of files that are as they were. Whatever `place` holds, it never fails."""
    known = {entry.scan.path: entry for entry in _load(place)}
    return {
        task.name: entry.scan
        for task in tasks
        if (entry := known.get(task.name)) is not None
        and entry.scan.size == task.size
        and entry.stamp == stamps[task.name]
        and entry.layout == _layout(task)
    }


def remember(
    place: Path, tasks: Iterable[Task], stamps: Mapping[str, Stamp], scans: Mapping[str, FileScan]
) -> None:
    """Write scans down for the next run, whole or not at all. A full disk is no reason to fail."""
    entries = [Remembered(scans[task.name], stamps[task.name], _layout(task)) for task in tasks]
    with suppress(OSError):
        write_whole(place, msgspec.msgpack.encode(entries))


def _load(place: Path) -> list[Remembered]:
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=list[Remembered])
    except (OSError, msgspec.DecodeError):
        return []


def _layout(task: Task) -> bytes:
    """What the values depend on beside the bytes: where tensors are, how they are read, by whom."""
    raw = msgspec.msgpack.encode((__version__, task.segments))
    return hashlib.blake2b(raw, digest_size=16).digest()
