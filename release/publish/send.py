"""Send the files of a plan: each is read once, and hashed on its way out."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, constants
from huggingface_hub.utils._runtime import is_xet_available

from release.errors import ReleaseError
from release.hub.pulse import PULSE, StalledError
from release.publish.files import HeldFile, Release, ReleaseFile, StoredFile, changed
from release.publish.hub import Hub, Operations
from release.publish.plan import Plan
from release.units import decimal_bytes, plural

BATCH = 5 * 10**9
"""Bytes of large files in one upload: what is behind it is safe when the next one breaks."""

IN_GIT = 10**9
"""Bytes of files on disk that git itself would have to keep: the Hub's limit for one commit."""


class HashedOnItsWay(CommitOperationAdd):
    """A file for plain HTTP: announced by its verified hash, hashed again while it is sent.

    By itself the client would read it twice. Where the Hub holds it already nothing is read.
    """

    def __init__(self, file: StoredFile) -> None:
        super().__init__(file.path, str(file.place.absolute()))
        self.upload_info.sha256 = bytes.fromhex(file.sha256)
        self._sent, self._digest = 0, hashlib.sha256()

    @contextmanager
    def as_file(self, *args: Any, **kwargs: Any) -> Iterator[BinaryIO]:
        """Open it as the client does, and listen to what it reads."""
        with super().as_file(*args, **kwargs) as file:
            self._sent, self._digest = 0, hashlib.sha256()
            read = file.read

            def listen(size: int = -1) -> bytes:
                start = file.tell()
                content = read(size)
                PULSE.beat()
                PULSE.reach(self.path_in_repo, start + len(content))
                if start <= self._sent:  # what is sent again is not hashed again
                    self._digest.update(content[self._sent - start :])
                    self._sent = max(self._sent, start + len(content))
                return content

            file.read = listen  # type: ignore[method-assign]
            yield file

    def sent_sha256(self) -> str:
        """Give the sha256 of what was sent, else that of what the Hub held before."""
        return self._digest.hexdigest() if self._sent else self.upload_info.sha256.hex()


def send(plan: Plan, release: Release, hub: Hub, ref: str) -> Operations:
    """Upload the large files; give the operations of the commit.

    Raises `ReleaseError` unless what was sent is what was verified.
    """
    files = {file.path: file for file in release.files}
    sent = [files[planned.path] for planned in plan.files if planned.action != "keep"]
    additions = {file.path: _addition(file) for file in sent}
    try:
        for batch in _batches(sent):
            _upload(batch, additions, hub, ref)
    except OSError as error:
        if not _lacks_xet(error):
            raise
        constants.HF_HUB_DISABLE_XET = True  # the client asks, and never settles for less itself
        return send(plan, release, hub, ref)
    # What the Hub keeps in git itself is sent by the commit: from memory, not from the disk.
    late = [
        file
        for file in sent
        if isinstance(file, StoredFile) and additions[file.path]._upload_mode == "regular"  # noqa: SLF001 - nothing public tells
    ]
    if sum(file.size for file in late) > IN_GIT:
        size = decimal_bytes(sum(file.size for file in late))
        hint = "let its .gitattributes put weights into large file storage"
        raise ReleaseError(f"would keep {size} in git itself", where=plan.repo, hint=hint)
    additions |= {file.path: CommitOperationAdd(file.path, file.read()) for file in late}
    if late:
        _upload(late, additions, hub, ref)
    for file in sent:
        _require_sent(file, additions[file.path])
    deletions = [CommitOperationDelete(gone.path, is_folder=False) for gone in plan.deletes]
    return [*additions.values(), *deletions]


def _addition(file: ReleaseFile) -> CommitOperationAdd:
    if isinstance(file, HeldFile):
        return CommitOperationAdd(file.path, file.content)
    if not is_xet_available():
        return HashedOnItsWay(file)
    return CommitOperationAdd(file.path, str(file.place.absolute()))


def _upload(
    files: list[ReleaseFile] | list[StoredFile],
    additions: dict[str, CommitOperationAdd],
    hub: Hub,
    ref: str,
) -> None:
    try:
        hub.upload([additions[file.path] for file in files], ref)
    except Exception as error:
        for file in files:
            file.require_untouched()  # the better reason, where it is one
        if isinstance(error, StalledError):
            large = [file.path for file in files if additions[file.path]._upload_mode == "lfs"]  # noqa: SLF001 - nothing public tells
            names = large or [file.path for file in files]
            more = f" and {plural(len(names) - 1, 'other file')}" if len(names) > 1 else ""
            during = f" while {names[0]}{more} went out"
            raise StalledError(error.seconds, during) from error
        raise


def _require_sent(file: ReleaseFile, addition: CommitOperationAdd) -> None:
    if isinstance(addition, HashedOnItsWay):
        digest = addition.sent_sha256()
    else:
        digest = addition.upload_info.sha256.hex()
    if digest != file.sha256:
        raise changed(file.path)
    file.require_untouched()
    # The client leaves such files out of the commit: half a release.
    if addition._should_ignore:  # noqa: SLF001 - nothing public tells
        raise ReleaseError("the Hub ignores it, and would publish the others", where=file.path)
    addition._remote_oid = None  # noqa: SLF001 - the parent lacks it, whatever a lagging copy says


def _lacks_xet(error: OSError) -> bool:
    """Whether this is a Hub, or a mirror of one, without a xet store."""
    return "/xet-write-token/" in str(error) and re.search(r"\b40[45]\b", str(error)) is not None


def _batches(files: list[ReleaseFile]) -> Iterator[list[ReleaseFile]]:
    batch: list[ReleaseFile] = []
    for file in files:
        batch.append(file)
        if sum(each.size for each in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
