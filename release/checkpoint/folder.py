"""A checkpoint's folder on this machine, read without ever leaving it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from release.errors import CheckpointError, Fault

SKIPPED_FOLDERS = {".git", ".cache", ".release"}


class FileInfo(msgspec.Struct, frozen=True):
    """A file by its path relative to the checkpoint (with `/`) and its size in bytes."""

    path: str
    size: int
    link: str = ""


class Folder:
    """A local directory as the source of a checkpoint's files.

    `files` holds what can be read, `refused` what cannot and why: dangling links, links that
    leave the folder (a Hub cache's links into its own blobs do not), devices and pipes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, FileInfo] = {}
        self.refused: list[CheckpointError] = []
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise CheckpointError(str(root), what, "name the folder that holds config.json")
        self._real = root.resolve()
        self._allowed = (self._real, *_hub_cache_blobs(self._real))
        for path in self._walk():
            self._take(path)

    @property
    def name(self) -> str:
        """The folder's own name, never its path on this machine."""
        return self._real.name

    def path(self, file: str) -> Path:
        """Where `file` is on this machine; only for files listed in `files`."""
        return self.root / self.files[file].path

    def read(self, file: str, start: int, length: int) -> bytes:
        """Read `length` bytes of `file` from `start`, fewer at its end. Raises CheckpointError."""
        try:
            with self.path(file).open("rb") as stream:
                stream.seek(start)
                return stream.read(length)
        except OSError as error:
            raise CheckpointError(file, _reason(error), "check the file and its rights") from None

    def _walk(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self.root, onerror=self._unlistable):
            folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
            linked = [name for name in folders if (Path(folder) / name).is_symlink()]
            yield from (Path(folder) / name for name in sorted([*names, *linked]))

    def _unlistable(self, error: OSError) -> None:
        name = Path(str(error.filename)).relative_to(self.root).as_posix()
        self.refused.append(CheckpointError(name, _reason(error), "check the folder's rights"))

    def _take(self, path: Path) -> None:
        name = path.relative_to(self.root).as_posix()
        try:
            link = os.readlink(path) if path.is_symlink() else ""  # noqa: PTH115 - text, not a path
            if link and not self._inside(path):
                what = f"is a link to {link!r}, outside the checkpoint"
                raise CheckpointError(name, what, "copy the file in its place", Fault.SYMLINK)
            state = path.stat()
        except OSError as error:
            what = "is a link to nothing" if path.is_symlink() else _reason(error)
            fault = Fault.SYMLINK if path.is_symlink() else Fault.UNREADABLE
            self.refused.append(CheckpointError(name, what, "remove or replace it", fault))
        except CheckpointError as error:
            self.refused.append(error)
        else:
            if stat.S_ISREG(state.st_mode):
                self.files[name] = FileInfo(name, state.st_size, link)
            elif not (link and stat.S_ISDIR(state.st_mode)):
                self.refused.append(CheckpointError(name, "is not a regular file", "remove it"))

    def _inside(self, path: Path) -> bool:
        target = path.resolve(strict=True)
        return any(target.is_relative_to(root) for root in self._allowed)


def _hub_cache_blobs(root: Path) -> list[Path]:
    """`models--x--y/snapshots/REV` links into `models--x--y/blobs`: the Hub's cache layout."""
    repository = root.parent.parent
    is_snapshot = root.parent.name == "snapshots" and "--" in repository.name
    return [repository / "blobs"] if is_snapshot else []


def _reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
