"""What kind each file is by its first bytes, whatever it is called. Nothing is unpickled."""

import re

import msgspec

from release.checkpoint import LFS_POINTER, Checkpoint
from release.errors import CheckpointError

HEAD_BYTES = 512
POINTER, PICKLE, ARCHIVE = "git-LFS pointer", "pickle", "archive"
EXECUTABLE, GGUF = "executable", "GGUF model"

# A protocol byte alone proves nothing: what follows is an opcode that a pickle starts with.
_PICKLE = re.compile(rb"\x80(?:[\x02\x03][]c}(XKMNGU\x88\x89\x8a\x8c\x94q\x58]|[\x04\x05]\x95)")
_STARTS = {
    LFS_POINTER: POINTER,
    b"PK\x03\x04": ARCHIVE,
    b"\x1f\x8b\x08": ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": ARCHIVE,
    b"\x28\xb5\x2f\xfd": ARCHIVE,
    b"\xfd7zXZ\x00": ARCHIVE,
    b"BZh91AY&SY": ARCHIVE,
    b"Rar!\x1a\x07": ARCHIVE,
    b"\x7fELF": EXECUTABLE,
    b"\xcf\xfa\xed\xfe": EXECUTABLE,
    b"GGUF": GGUF,
}


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


def kind_of(head: bytes) -> str | None:
    """Name the kind of a file that starts with `head`, None for an ordinary one."""
    if _PICKLE.match(head):
        return PICKLE
    kind = next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)
    if kind == ARCHIVE and b"data.pkl" in head:  # torch.save writes a zip around a pickle
        return PICKLE
    if head.startswith(b"MZ") and b"This program" in head:
        return EXECUTABLE
    return kind
