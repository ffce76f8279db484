"""The files of a release: small ones held in memory as they were verified, large ones on disk."""

import hashlib
from pathlib import Path

import msgspec

from release.errors import ReleaseError
from release.publish.selection import LeftOut


class HeldFile(msgspec.Struct, frozen=True):
    """A file that was read once, or written by us: what is held is what is sent."""

    path: str
    size: int
    sha256: str
    content: bytes

    def git_sha1(self) -> str:
        """Name it as git does, which is all the Hub tells of a file it keeps in git."""
        return git_sha1(self.content)

    def require_untouched(self) -> None:
        """Nobody can have touched it."""


class StoredFile(msgspec.Struct, frozen=True):
    """A file on disk as it was verified. `stamp` (inode, time of change) is the gate's."""

    path: str
    size: int
    sha256: str
    place: Path
    stamp: tuple[int, int]

    def read(self) -> bytes:
        """Read it whole. Raises `ReleaseError` if these are not the verified bytes."""
        return read_verified(self.place, self.path, self.sha256)

    def git_sha1(self) -> str:
        """Name it as git does. Raises `ReleaseError` if these are not the verified bytes."""
        return git_sha1(self.read())

    def require_untouched(self) -> None:
        """Raise `ReleaseError` if anybody wrote to it or replaced it since the gate."""
        try:
            state = self.place.stat()
        except OSError:
            raise changed(self.path) from None
        if (state.st_size, state.st_ino, state.st_mtime_ns) != (self.size, *self.stamp):
            raise changed(self.path)


ReleaseFile = HeldFile | StoredFile


class Release(msgspec.Struct, frozen=True):
    """What passed the gate: every file to publish, the card included, and what is left out."""

    digest: str
    proof: str
    files: tuple[ReleaseFile, ...]
    left_out: tuple[LeftOut, ...]

    def holds(self, path: str) -> bool:
        """Whether the content of a file is in memory."""
        return any(file.path == path and isinstance(file, HeldFile) for file in self.files)

    def held(self, path: str) -> bytes:
        """Give the content of a file that is in memory. Raises `KeyError` for any other."""
        for file in self.files:
            if file.path == path and isinstance(file, HeldFile):
                return file.content
        raise KeyError(path)


def hold(path: str, content: bytes) -> HeldFile:
    """Hold a content under a name."""
    return HeldFile(path, len(content), hashlib.sha256(content).hexdigest(), content)


def read(place: Path, name: str, most: int = -1) -> bytes:
    """Read a file whole, or its first bytes. Raises `ReleaseError`."""
    try:
        with place.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=name) from None


def read_verified(place: Path, name: str, sha256: str) -> bytes:
    """Read a file whole. Raises `ReleaseError` if these are not the verified bytes."""
    content = read(place, name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise changed(name)
    return content


def git_sha1(content: bytes) -> str:
    """Name a content as git does."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def changed(path: str) -> ReleaseError:
    """Say that a file is not what was verified any more."""
    hint = "run `release verify` and `release card` again"
    return ReleaseError("changed since it was verified", where=path, hint=hint)
