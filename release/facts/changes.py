"""What happened to the files between opening the checkpoint and having read every byte."""

from collections.abc import Iterator

import msgspec

from release.checkpoint import Checkpoint
from release.facts.comparison import Comparison
from release.facts.identity import CARD_FILES
from release.scan.values import Scan
from release.unknown import Unknown


class Change(msgspec.Struct, frozen=True):
    """A file that is not the one that was opened."""

    file: str
    what: str


def provide_changes(checkpoint: Checkpoint, scan: Scan | Unknown) -> tuple[Change, ...]:
    """Compare every file's inode and time of change with those it was opened with.

    On the Hub nothing changes at a commit, but a file must be the one that the Hub lists.
    """
    read = {} if isinstance(scan, Unknown) else scan.files
    others = (
        Change(name, f"the Hub lists sha256 {info.claimed}, its bytes have {read[name].sha256}")
        for name, info in checkpoint.files.items()
        if info.claimed and name in read and read[name].sha256 != info.claimed
    )
    return *_changes(checkpoint), *others


def provide_late_changes(
    checkpoint: Checkpoint, base: Checkpoint, comparison: Comparison | Unknown
) -> tuple[Change, ...]:
    """Look at the files of both once more, after they were held against each other."""
    del comparison
    return *_changes(checkpoint), *_changes(base, "base: ")


def _changes(checkpoint: Checkpoint, name: str = "") -> Iterator[Change]:
    for file, info in checkpoint.files.items():
        if file in CARD_FILES:
            continue
        now = checkpoint.source.stamp(file)
        if now is None:
            yield Change(name + file, "has gone since the checkpoint was opened")
        elif now != info.stamp:
            what = "written to" if now[0] == info.stamp[0] else "replaced"
            yield Change(name + file, f"was {what} while it was verified")
