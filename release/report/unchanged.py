"""Whether a report is still about the files in the folder."""

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.source import Place
from release.errors import ReleaseError
from release.facts.identity import FileDigest, identify
from release.facts.scan import hash_checkpoint
from release.report import Report
from release.whole import write_whole

SHOWN = 3
STAMPS_FILE = Path(".release/stamps.json")

Stamp = tuple[int, int, int, int, int]
Stamps = Mapping[str, Stamp]


class Stamped(msgspec.Struct, frozen=True):
    """What the system said of each file when a report was made: size, device, inode, times in ns.

    The time of change is the system's own: nobody sets it back as `touch` does the other.
    """

    digest: str
    files: dict[str, Stamp]


def remember_stamps(report: Report, folder: Path, unread: Collection[str] = ()) -> None:
    """Write down how the files look that a report holds the hashes of, but for `unread` ones."""
    sizes = {file.path: file.size for file in report.checkpoint.files}
    stamps = {path: _stamp(folder / path) for path in sizes if path not in unread}
    files = {path: stamp for path, stamp in stamps.items() if stamp and stamp[0] == sizes[path]}
    stamped = Stamped(report.checkpoint.digest or "", files)
    write_whole(STAMPS_FILE, msgspec.json.encode(stamped))


def recall_stamps(report: Report) -> Stamps:
    """Give what was written down for exactly this report; nothing if that is not there."""
    try:
        stamped = msgspec.json.decode(STAMPS_FILE.read_bytes(), type=Stamped)
    except (OSError, msgspec.DecodeError):
        return {}
    return stamped.files if stamped.digest == report.checkpoint.digest else {}


def require_unchanged(report: Report, checkpoint: Checkpoint, stamps: Stamps | None = None) -> None:
    """Raise `ReleaseError` naming the first file that is not as reported.

    A file whose stamp is as it was is not read: what is published is hashed on its way out. Every
    other one is hashed again.
    """
    if report.checkpoint.digest is None:
        hint = "run `release verify --level bytes`"
        raise ReleaseError("the report holds no hashes of the files", hint=hint)
    same = {
        path: stamp
        for path, stamp in (stamps or {}).items()
        if path in checkpoint.files and _stamp(checkpoint.source.place(path)) == stamp
    }
    then = {file.path: file.sha256 for file in report.checkpoint.files}
    kept = [file for file in report.checkpoint.files if file.path in same]
    now = {file.path: file.sha256 for file in (*kept, *_hashed(checkpoint, same))}
    changes = (_change(path, then, now) for path in sorted(then.keys() | now.keys()))
    _refuse([change for change in changes if change])


def _refuse(changes: list[tuple[str, str]]) -> None:
    """Raise for the first change, and name the files of some others."""
    if not changes:
        return
    (path, what), others = changes[0], [path for path, _ in changes[1:]]
    more = f"; likewise {', '.join(others[:SHOWN])}" if others else ""
    rest = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    what = f"{what} since the checkpoint was verified{more}{rest}"
    raise ReleaseError(what, where=path, hint="run `release verify` again")


def _change(
    path: str, then: Mapping[str, str | None], now: Mapping[str, str | None]
) -> tuple[str, str] | None:
    if then.get(path) == now.get(path):
        return None
    what = "changed" if path in then and path in now else "is gone" if path in then else "is new"
    return path, what


def _hashed(checkpoint: Checkpoint, but: Collection[str]) -> tuple[FileDigest, ...]:
    return identify(hash_checkpoint(checkpoint, but)).files


def _stamp(place: Place) -> Stamp | None:
    if not isinstance(place, Path):
        return None
    try:
        state = place.stat()
    except OSError:
        return None
    return (state.st_size, state.st_dev, state.st_ino, state.st_mtime_ns, state.st_ctime_ns)
