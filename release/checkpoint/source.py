"""Where a checkpoint's files are: what a folder and a revision on the Hub have in common."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from typing import Protocol, Self

import msgspec

from release.errors import CheckpointError

Stamp = tuple[int, int]


class FileInfo(msgspec.Struct, frozen=True):
    """A file by its path relative to the checkpoint (with `/`) and its size in bytes.

    `link` is the text of a symbolic link, empty for files and for a Hub cache's own links;
    `stamp` is its inode and time of change in ns: the same as long as nobody wrote to it.
    `claimed` is the sha256 (hex) that the Hub states, empty elsewhere: nobody has proven it.
    """

    path: str
    size: int
    link: str = ""
    stamp: Stamp = (0, 0)
    claimed: str = ""


class Origin(msgspec.Struct, frozen=True):
    """Where on the Hub a checkpoint was read, and how much of it: requests and bytes of files.

    `claimed` is the sha256 of each large file as the Hub lists it, hex: not proven.
    """

    repository: str
    commit: str
    requests: int
    bytes_read: int
    claimed: dict[str, str]


class Stream(Protocol):
    """An open file. It is read once from its first byte on, and again where there is doubt."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read the next bytes, as many as there are room for or fewer; 0 at the end."""

    def read_at(self, start: int, count: int) -> bytes:
        """Read `count` bytes from a position, fewer at the end, wherever reading stands."""


class Remote(Protocol):
    """A file elsewhere that can be opened. Reading it raises `ReleaseError`."""

    def open(self) -> AbstractContextManager[Stream]:
        """Open it."""


Place = Path | Remote


class Source(Protocol):
    """Files and their bytes. `files` can be read, `refused` says what cannot and why.

    Files are bytes from 0 to their size; a range may be read anywhere and by any thread.
    """

    files: dict[str, FileInfo]
    refused: list[CheckpointError]

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def origin(self) -> Origin | None:
        """Which commit on the Hub this is and how much was read of it; None for a folder."""

    def read(self, file: str, start: int, length: int) -> bytes:
        """Read `length` bytes of `file` from `start`, fewer at its end.

        Raises `CheckpointError` where the file cannot be read, `ReleaseError` where the Hub, the
        network or its host are in the way. Of a file on the Hub that is one request, or none for
        what `prefetch` brought.
        """

    def prefetch(self, wanted: Mapping[str, int]) -> None:
        """Make ready the first bytes of many files, so many of each; all at once where it helps."""

    def place(self, file: str) -> Place:
        """Where `file` is, for `open_stream`."""

    def stamp(self, file: str) -> Stamp | None:
        """Give a file's stamp as it is now, None if it has gone."""


def open_stream(place: Place, name: str) -> AbstractContextManager[Stream]:
    """Open a file to be read from end to end; `name` is what to call it. Raises `ReleaseError`."""
    if not isinstance(place, Path):
        return place.open()
    try:
        return _LocalStream(place.open("rb", buffering=0), name)
    except OSError as error:
        raise _unreadable(name, error) from None


class _LocalStream:
    """An open file of this machine. Raises `CheckpointError` for what the disk refuses."""

    def __init__(self, stream: FileIO, name: str) -> None:
        self._stream, self._name = stream, name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()

    def readinto(self, buffer: memoryview) -> int | None:
        try:
            return self._stream.readinto(buffer)
        except OSError as error:
            raise _unreadable(self._name, error) from None

    def read_at(self, start: int, count: int) -> bytes:
        try:
            return os.pread(self._stream.fileno(), count, start)
        except OSError as error:
            raise _unreadable(self._name, error) from None


def _unreadable(name: str, error: OSError) -> CheckpointError:
    what = f"cannot be read: {error.strerror or error}"
    return CheckpointError(name, what, "check the file and the disk")
