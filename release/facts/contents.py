"""What kind each file is by its first bytes, whatever it is called. Nothing is unpickled."""

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import HEAD_BYTES, kind_of
from release.errors import CheckpointError


class Contents(msgspec.Struct, frozen=True):
    """Files by kind, those of no special kind left out; and those that could not be read at all.

    Weight files are not in it: their headers are read anyway.
    """

    kinds: dict[str, str]
    unreadable: tuple[CheckpointError, ...]


def provide_contents(checkpoint: Checkpoint) -> Contents:
    """Look at the first bytes of every file but the weights."""
    kinds: dict[str, str] = {}
    unreadable: list[CheckpointError] = []
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
