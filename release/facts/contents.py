"""What kind each file is by its first bytes, whatever it is called. Nothing is unpickled."""

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import HEAD_BYTES, kind_of
from release.errors import CheckpointError, Fault


class Contents(msgspec.Struct, frozen=True):
    """Files by kind, those of no special kind left out; and those that could not be read at all.

    Of weight files only the latter: the headers of the others are read anyway.
    """

    kinds: dict[str, str]
    unreadable: tuple[CheckpointError, ...]


def provide_contents(checkpoint: Checkpoint) -> Contents:
    """Look at the first bytes of every file but the weights."""
    kinds: dict[str, str] = {}
    unreadable = list(checkpoint.faults(Fault.UNREADABLE))
    for name in checkpoint.files:
        if name.endswith(".safetensors"):
            continue
        try:
            kind = kind_of(checkpoint.source.read(name, 0, HEAD_BYTES))
        except CheckpointError as error:
            unreadable.append(error)
        else:
            if kind is not None:
                kinds[name] = kind
    return Contents(kinds, tuple(unreadable))
