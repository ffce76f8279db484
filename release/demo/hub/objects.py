"""Contents on disk, one file a sha256, shared by all repositories of a server."""

import contextlib
import hashlib
import itertools
import shutil
from pathlib import Path


class Objects:
    """A folder of immutable files named by their sha256."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        self._scratch = folder / "scratch"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count()

    def path(self, sha256: str) -> Path:
        """Return where the content is, or would be."""
        return self._objects / sha256[:2] / sha256

    def holds(self, sha256: str) -> bool:
        """Whether the content is complete on disk."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Return the size in bytes of a content that is held."""
        return self.path(sha256).stat().st_size

    def read(self, sha256: str) -> bytes:
        """Return a small content that is held."""
        return self.path(sha256).read_bytes()

    def scratch(self) -> Path:
        """Return the path of a new file on the same disk, for `adopt`."""
        return self.scratch_for(str(next(self._numbers)))

    def scratch_for(self, name: str) -> Path:
        """Return the path of a file that is not content yet, by name."""
        return self._scratch / name

    def adopt(self, path: Path, sha256: str) -> None:
        """Move a file whose sha256 has been checked into the store."""
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)

    def add(self, content: bytes) -> str:
        """Store a small content, return its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.holds(sha256):
            scratch = self.scratch()
            scratch.write_bytes(content)
            self.adopt(scratch, sha256)
        return sha256


def hash_file(path: Path) -> str:
    """Return the sha256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link(source: Path, target: Path) -> None:
    """Make `target` the same immutable file as `source`: a hard link, else a copy."""
    with contextlib.suppress(FileExistsError):
        try:
            target.hardlink_to(source)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(source, target)
