"""A checkpoint's folder on this machine, read without ever leaving it."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from release.checkpoint.source import FileInfo, Origin, Stamp
from release.errors import CheckpointError, Fault

FILES_ONLY = {".json", ".safetensors", ".jinja"}
"""Endings that readers look for in the checkpoint's own folder."""


class Folder:
    """A local directory as the source of a checkpoint's files.

    `files` holds what can be read, `refused` what cannot and why: dangling links, links that
    leave the folder (a Hub cache's links into its own blobs do not), devices and pipes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, FileInfo] = {}
        self.refused: list[CheckpointError] = []
        hint = "name the folder that holds config.json"
        try:
            if not root.is_dir():
                what = "is not a folder" if root.exists() else "does not exist"
                raise CheckpointError(str(root), what, hint)
            self._real = root.resolve()
        except OSError as error:
            raise CheckpointError(str(root), _reason(error), hint) from None
        self._blobs = _hub_cache_blobs(self._real)
        for path in self._walk():
            self._take(path)

    @property
    def name(self) -> str:
        """The folder's own name, never its path on this machine."""
        return self._real.name.encode("utf-8", "replace").decode("utf-8")

    @property
    def origin(self) -> Origin | None:
        """None: it is on this machine."""
        return None

    def path(self, file: str) -> Path:
        """Where `file` is on this machine; only for files listed in `files`."""
        return self.root / self.files[file].path

    def read(self, file: str, start: int, length: int) -> bytes:
        """Read `length` bytes of `file` from `start`, fewer at its end. Raises CheckpointError."""
        if start >= self.files[file].size:  # where a header points may be nowhere
            return b""
        try:
            with self.path(file).open("rb") as stream:
                stream.seek(start)
                return stream.read(length)
        except OSError as error:
            raise CheckpointError(file, _reason(error), "check the file and its rights") from None

    def prefetch(self, wanted: Mapping[str, int]) -> None:
        """Do nothing: a disk answers at once."""

    def place(self, file: str) -> Path:
        """Where `file` is, as `path`."""
        return self.path(file)

    def stamp(self, file: str) -> Stamp | None:
        """Give a file's stamp as it is now, None if it has gone."""
        try:
            return _stamp(self.path(file).stat())
        except OSError:
            return None

    def _walk(self) -> Iterator[Path]:
        """Every entry that is no folder, folders after their parent; no depth is too deep."""
        pending = [self.root]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(folder) as entries:
                    found = sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries)
            except OSError as error:
                name = self._name(folder)
                hint = "check the folder's rights"
                self.refused.append(CheckpointError(name, _reason(error), hint))
                continue
            yield from (folder / name for name, is_folder in found if not is_folder)
            folders = [folder / name for name, is_folder in reversed(found) if is_folder]
            for path in folders:
                if folder == self.root and path.suffix in FILES_ONLY:
                    what, hint = "is a folder, not a file", "put the file in its place"
                    self.refused.append(CheckpointError(self._name(path), what, hint))
                if not _is_bookkeeping(path):
                    pending.append(path)

    def _name(self, path: Path) -> str:
        name = path.relative_to(self.root).as_posix()
        return name.encode("utf-8", "backslashreplace").decode("utf-8")

    def _take(self, path: Path) -> None:
        name = self._name(path)
        try:
            if name != path.relative_to(self.root).as_posix():
                what = "has a name that is not UTF-8"
                raise CheckpointError(name, what, "rename it", Fault.NAME)
            link = self._link(path, name)
            state = path.stat()
        except OSError as error:
            what = "is a link to nothing" if path.is_symlink() else _reason(error)
            fault = Fault.SYMLINK if path.is_symlink() else Fault.UNREADABLE
            self.refused.append(CheckpointError(name, what, "remove or replace it", fault))
        except CheckpointError as error:
            self.refused.append(error)
        else:
            if stat.S_ISREG(state.st_mode):
                self.files[name] = FileInfo(name, state.st_size, link, _stamp(state))
            elif link and stat.S_ISDIR(state.st_mode):
                what, hint = "is a link to a folder: nothing in it was read", "copy the folder"
                self.refused.append(CheckpointError(name, what, hint, Fault.SYMLINK))
            else:
                self.refused.append(CheckpointError(name, "is not a regular file", "remove it"))

    def _link(self, path: Path, name: str) -> str:
        """Read a link's text; empty for a file, and for a Hub cache's link into its blobs."""
        if not path.is_symlink():
            return ""
        text = os.readlink(path)  # noqa: PTH115 - text, not a path
        target = Path(os.path.realpath(path, strict=True))
        if any(target.is_relative_to(blobs) for blobs in self._blobs):
            return ""
        if not target.is_relative_to(self._real):
            # A report holds no path of this machine.
            shown = "an absolute path" if Path(text).is_absolute() else repr(text)
            what = f"is a link to {shown}, outside the checkpoint"
            raise CheckpointError(name, what, "copy the file in its place", Fault.SYMLINK)
        return text


def _hub_cache_blobs(root: Path) -> list[Path]:
    """`models--x--y/snapshots/REV` links into `models--x--y/blobs`: the Hub's cache layout."""
    repository = root.parent.parent
    is_snapshot = root.parent.name == "snapshots" and "--" in repository.name
    return [repository / "blobs"] if is_snapshot else []


def _reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"


def _is_bookkeeping(path: Path) -> bool:
    """Whether a folder is git's, the Hub client's or our own: none is ever published."""
    return path.name in {".git", ".release"} or path.parts[-2:] == (".cache", "huggingface")


def _stamp(state: os.stat_result) -> Stamp:
    return state.st_ino, state.st_mtime_ns
