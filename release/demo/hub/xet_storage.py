"""The xet content store: folders that hf_xet itself reads and writes, no CAS server needed.

hf_xet takes `local:///folder` for the address of its content store, and locks that folder while
it works there, against other processes too. So every token gets a folder of its own, which
starts as a copy of the main one. What a client leaves in it is checked and then moved to the
main folder when a commit asks for it.
"""

import contextlib
import itertools
import secrets
import shutil
import threading
from pathlib import Path

from release.demo.hub.objects import Objects, hash_file, link
from release.demo.hub.shards import Stored, read_shard

CONTENTS = "xet/xorbs/xorbs"
SHARDS = "xet/xorbs/shards"
INDEX = "xet/xorbs/global_dedup_lookup.redb"
ATTEMPTS = 3


class XetStorage:
    """What was uploaded by xet, and the folders lent to clients."""

    def __init__(self, folder: Path, objects: Objects) -> None:
        self._objects = objects
        self._main = folder / "main"
        self._lent = folder / "lent"
        self._copies = folder / "copies"
        for each in (self._main, self._lent, self._copies):
            each.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._hashes: dict[str, str] = {}

    def lend(self) -> str:
        """Return the address of a fresh folder that holds all that was published."""
        with self._lock:
            return _address(self._copy(self._main, self._lent))

    def publish(self, sha256: str) -> str | None:
        """Return the xet hash of an uploaded content, and have its bytes in the object store.

        None if no client uploaded it by xet, or if the bytes do not have that sha256.
        """
        with self._lock:
            if sha256 not in self._hashes:
                for folder, stored in self._uploads(sha256):
                    if self._fetch(folder, stored):
                        _upload(_address(self._main), self._objects.path(sha256), sha256)
                        self._hashes[sha256] = stored.xet_hash
                        break
            return self._hashes.get(sha256)

    def _uploads(self, sha256: str) -> list[tuple[Path, Stored]]:
        return [
            (folder, stored)
            for folder in self._lent.iterdir()
            for shard in (folder / SHARDS).glob("*.mdb")
            for stored in _files_of(shard)
            if stored.sha256 == sha256
        ]

    def _fetch(self, folder: Path, stored: Stored) -> bool:
        """Put the bytes of a file together, and keep them if they are what was said."""
        scratch = self._objects.scratch()
        try:
            self._rebuild(folder, stored, scratch)
            if hash_file(scratch) != stored.sha256:
                return False
            self._objects.adopt(scratch, stored.sha256)
        except RuntimeError:  # a client that was killed left a folder that nothing can read
            return False
        finally:
            scratch.unlink(missing_ok=True)
        return True

    def _rebuild(self, folder: Path, stored: Stored, target: Path) -> None:
        for attempt in itertools.count(1):
            # The client may still hold the folder, and even be writing other files to it:
            # a copy can be opened, and is taken again if it caught the index half written.
            copy = self._copy(folder, self._copies)
            try:
                _download(_address(copy), stored, target)
            except RuntimeError:
                if attempt == ATTEMPTS:
                    raise
            else:
                return
            finally:
                shutil.rmtree(copy, ignore_errors=True)

    def _copy(self, folder: Path, into: Path) -> Path:
        # hf_xet remembers a folder by name: a name must never come back in one process.
        copy = into / f"{next(self._numbers)}-{secrets.token_hex(4)}"
        for inside in (CONTENTS, SHARDS):
            (copy / inside).mkdir(parents=True)
            for source in (folder / inside).glob("*"):
                # A file that is being written may get its final name under our hands.
                with contextlib.suppress(FileNotFoundError):
                    link(source, copy / inside / source.name)
        if (folder / INDEX).exists():
            shutil.copyfile(folder / INDEX, copy / INDEX)
        return copy


def _files_of(shard: Path) -> list[Stored]:
    try:
        return list(read_shard(shard))
    except ValueError:  # a client that was killed left it half written
        return []


def _address(folder: Path) -> str:
    return f"local://{folder}"


# Loading the Rust library takes a while, and only servers that see xet uploads need it. Its
# objects must not outlive these functions: the folder is locked for as long as they exist.


def _download(address: str, stored: Stored, target: Path) -> None:
    from hf_xet import XetFileInfo, XetSession  # type: ignore[import-untyped]  # noqa: PLC0415

    with XetSession().new_file_download_group(endpoint=address) as group:
        group.start_download_file(XetFileInfo(stored.xet_hash, stored.size), str(target))


def _upload(address: str, source: Path, sha256: str) -> None:
    from hf_xet import XetSession  # noqa: PLC0415

    with XetSession().new_upload_commit(endpoint=address) as uploads:
        uploads.start_upload_file(str(source), sha256=sha256)
