"""A revision of a repository on the Hub as the source of a checkpoint's files."""

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import msgspec

from release.checkpoint.header import PREFIX_BYTES
from release.checkpoint.source import FileInfo, Origin, Stamp
from release.errors import CheckpointError, Fault, ReleaseError

if TYPE_CHECKING:
    from release.hub.download import Download
    from release.hub.remote_file import RemoteFile

ANSWER = 30.0
"""Seconds to wait for the next bytes of an answer."""
PARALLEL = 16
"""Requests at once."""
WHOLE = 64 << 10
"""Bytes up to which a file is read whole when any of it is wanted."""
KEPT = 64 << 20
"""Bytes up to which a side file is kept in memory."""
UNCHANGING: Stamp = (0, 0)
_GIT_ID = re.compile(r"(?!(.)\1{39})[0-9a-f]{40}")
"""What git would call a blob; servers that are no git list something else, or one digit."""


class HubRevision(msgspec.Struct, frozen=True):
    """A repository by its name on the Hub and what to read there: None is the main branch."""

    repository: str
    revision: str | None = None

    def __str__(self) -> str:
        """As it is typed: `owner/name@revision`."""
        return f"{self.repository}@{self.revision}" if self.revision else self.repository


class HubSource:
    """Files at one commit. Whatever a revision is moved to meanwhile, that stays the same."""

    def __init__(self, place: HubRevision) -> None:
        from release.hub.client import Patience, limit_client  # noqa: PLC0415 - 0.3 s
        from release.hub.download import Download  # noqa: PLC0415
        from release.hub.listing import list_files  # noqa: PLC0415

        patience = Patience(answer=ANSWER)
        limit_client(patience)
        listing = list_files(place.repository, place.revision, patience)
        self._listed = listing.files
        self._download = Download(place.repository, listing.commit, patience)
        self._heads: dict[str, bytes] = {}
        self.repository, self.commit = listing.repository, listing.commit
        self.refused = [
            CheckpointError(path, "is no path inside a repository", "rename it", Fault.NAME)
            for path in sorted(listing.files)
            if not _is_inside(path)
        ]
        self.files = {
            path: FileInfo(path, listed.size, stamp=UNCHANGING, claimed=listed.sha256 or "")
            for path, listed in sorted(listing.files.items())
            if _is_inside(path)
        }

    @property
    def name(self) -> str:
        """The repository's name."""
        return self.repository

    @property
    def origin(self) -> Origin:
        """Where this is, and what was read until now."""
        claimed = {path: info.claimed for path, info in self.files.items() if info.claimed}
        download = self._download
        return Origin(self.repository, self.commit, download.requests, download.received, claimed)

    def read(self, file: str, start: int, length: int) -> bytes:
        """Read a range, from memory where it was brought before. Raises `ReleaseError`."""
        size = self.files[file].size
        end = min(start + length, size)
        if start >= end:
            return b""
        head = self._heads.get(file, b"")
        if end > len(head):
            if size > WHOLE and start > PREFIX_BYTES and not self._is_kept(file):
                return self._download.read(file, start, end, size)
            head = self._extend(file, size if size <= WHOLE else end)
        return head[start:end]

    def prefetch(self, wanted: Mapping[str, int]) -> None:
        """Bring the first bytes of many files in parallel, with a request for each."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            jobs = [
                pool.submit(self._extend, file, min(count, self.files[file].size))
                for file, count in wanted.items()
                if file in self.files
            ]
            try:
                for job in jobs:
                    job.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def place(self, file: str) -> "HubFile":
        """Where `file` is, for one stream from end to end."""
        return HubFile(self._download, file, self._listed[file], self._heads.get(file, b""))

    def stamp(self, file: str) -> Stamp:
        """What never changes: a commit's files are its own."""
        return self.files[file].stamp

    def _is_kept(self, file: str) -> bool:
        """Whether a file is kept in memory once it was read: of weights only headers are."""
        return self.files[file].size <= KEPT and not file.endswith(".safetensors")

    def _extend(self, file: str, end: int) -> bytes:
        """Have the first bytes of a file up to `end`."""
        head = self._heads.get(file, b"")
        if len(head) < end:
            head += self._download.read(file, len(head), end, self.files[file].size)
            self._heads[file] = head
        return head


class HubFile(msgspec.Struct, frozen=True):
    """One file, to be streamed. `head` are its first bytes, which need not be asked for again."""

    download: "Download"
    path: str
    listed: "RemoteFile"
    head: bytes

    def open(self) -> "HubStream":
        """Begin; the first request is made when the first bytes are read."""
        return HubStream(self)


class HubStream:
    """A file's bytes as they come. At the end they must be those that the Hub lists."""

    def __init__(self, file: HubFile) -> None:
        self._file, self._left = file, memoryview(file.head)
        size = file.listed.size
        self._pieces = file.download.pieces(file.path, len(file.head), size, size)
        # git's id of a blob; of a large file that is the pointer's, and its sha256 is compared.
        self._blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self._blob.update(file.head)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Give the connection up."""
        self._pieces.close()

    def readinto(self, buffer: memoryview) -> int:
        """Read the next bytes. Raises `ReleaseError`, also if the file is another one."""
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
            if self._file.listed.sha256 is None:
                self._blob.update(self._left)
            if not self._left:
                self._finish()
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def read_at(self, start: int, count: int) -> bytes:
        """Read a range again, by a request of its own."""
        size = self._file.listed.size
        return self._file.download.read(self._file.path, start, min(start + count, size), size)

    def _finish(self) -> None:
        listed, ours = self._file.listed, self._blob.hexdigest()
        if listed.sha256 is None and _GIT_ID.fullmatch(listed.git_sha1) and ours != listed.git_sha1:
            what = f"is not the file that the Hub lists: git would call it {ours}"
            raise ReleaseError(what, where=self._file.path)


def _is_inside(path: str) -> bool:
    """Whether a path leads down only: its address would be another one's."""
    return not {"", ".", ".."} & set(path.split("/"))
