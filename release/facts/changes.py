"""What happened to the files between opening the checkpoint and having read every byte."""

import msgspec

from release.checkpoint import Checkpoint
from release.facts.identity import CARD_FILE
from release.scan.values import Scan
from release.unknown import Unknown


class Change(msgspec.Struct, frozen=True):
    """A file that is not the one that was opened."""

    file: str
    what: str


def provide_changes(checkpoint: Checkpoint, scan: Scan | Unknown) -> tuple[Change, ...]:
    """Compare every file's inode and time of change with those it was opened with."""
    del scan  # named so that this runs after every byte was read
    changes = []
    for name, info in checkpoint.files.items():
        if name == CARD_FILE:
            continue
        now = checkpoint.source.stamp(name)
        if now is None:
            changes.append(Change(name, "has gone since the checkpoint was opened"))
        elif now != info.stamp:
            what = "written to" if now[0] == info.stamp[0] else "replaced"
            changes.append(Change(name, f"was {what} while it was verified"))
    return tuple(changes)
