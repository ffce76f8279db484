"""What a push that was cut off leaves for the next, outside the checkpoint."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from release.errors import ReleaseError

LOCK_FILE = Path(".release/push.lock")
STATE_FILE = Path(".release/begun.json")


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


def begin(begun: Begun) -> None:
    """Write down that a repository is about to be made."""
    _write({*_read(), begun})


def has_begun(begun: Begun) -> bool:
    """Whether a push from here made that repository, to be public in the end, and was cut off."""
    return begun in _read()


def end(begun: Begun) -> None:
    """Forget it: all of it is there, and public."""
    if has_begun(begun):
        _write({*_read()} - {begun})


def _read() -> tuple[Begun, ...]:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(STATE_FILE.read_bytes(), type=tuple[Begun, ...])
    return ()


def _write(begun: set[Begun]) -> None:
    if not begun:
        STATE_FILE.unlink(missing_ok=True)
        return
    partial = STATE_FILE.with_name(f"{STATE_FILE.name}.partial")
    listed = sorted(begun, key=lambda each: (each.hub, each.repo))
    try:
        STATE_FILE.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.encode(listed))
        partial.replace(STATE_FILE)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ReleaseError(what, where=str(STATE_FILE)) from None
