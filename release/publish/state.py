"""What a push that was cut off leaves for the next, outside the checkpoint.

It lies where the client keeps its token: a folder that came from somewhere, or a checkout, could
bring it along, and make a private repository public.
"""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from huggingface_hub import constants

from release.errors import ReleaseError
from release.whole import write_whole

LOCK_FILE = Path(".release/push.lock")
STATE_FILE = Path(constants.HF_HOME, "release", "begun.json")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Begun(msgspec.Struct, frozen=True):
    """A repository that a push made private, to be made public once all of it is there."""

    hub: str
    repo: str


@contextmanager
def only_push() -> Iterator[None]:
    """Hold the lock of this working directory. Raises `ReleaseError` while another push does.

    The system lets go of it when a process ends, however it ends.
    """
    try:
        LOCK_FILE.parent.mkdir(parents=True, exist_ok=True)
        lock = LOCK_FILE.open("a")
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ReleaseError(what, where=str(LOCK_FILE)) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            hint = "wait for it to end"
            raise ReleaseError("another push from this folder is running", hint=hint) from None
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Hold what is written down still: pushes from other folders write there too."""
    try:
        STATE_FILE.parent.mkdir(parents=True, exist_ok=True)
        lock = STATE_FILE.with_suffix(".lock").open("a")
    except OSError:
        yield  # then nothing can be written down either, which `_write` says
        return
    with lock:
        with suppress(OSError):  # of a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def begin(begun: Begun) -> None:
    """Write down that a repository is about to be made.

    Raises `ReleaseError` on a full disk. Where a home cannot be written to, it is not: what is cut
    off stays private then, and the next push says so.
    """
    with _alone():
        _write({*_read(), begun})


def has_begun(begun: Begun) -> bool:
    """Whether a push from here made that repository, to be public in the end, and was cut off."""
    return begun in _read()


def end(begun: Begun) -> None:
    """Forget it: all of it is there, and public."""
    if has_begun(begun):
        with _alone():
            _write({*_read()} - {begun})


def _read() -> tuple[Begun, ...]:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(STATE_FILE.read_bytes(), type=tuple[Begun, ...])
    return ()


def _write(begun: set[Begun]) -> None:
    if not begun:
        with suppress(OSError):
            STATE_FILE.unlink(missing_ok=True)
        return
    listed = sorted(begun, key=lambda each: (each.hub, each.repo))
    try:
        write_whole(STATE_FILE, msgspec.json.encode(listed))
    except OSError as error:
        if error.errno in FULL:
            what = f"cannot be written: {error.strerror}"
            raise ReleaseError(what, where=str(STATE_FILE)) from None
