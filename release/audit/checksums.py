"""Checksums of files that a card prints, against the files."""

import hashlib
import re
from collections.abc import Iterator

import msgspec

from release.audit.files import NAME
from release.audit.page import Page, statements
from release.checkpoint import Checkpoint
from release.errors import CheckpointError

CAP = 64 << 20  # bytes of a file that is read for it
HASH = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")


class Checksum(msgspec.Struct, frozen=True):
    """What the card says is the sha256 of a file, and what it is; None where it was not read."""

    file: str
    said: str
    true: str | None
    line: int


def provide_checksums(page: Page, checkpoint: Checkpoint) -> tuple[Checksum, ...]:
    """Collect those on a line with the name of one file that is there."""
    found = []
    for number, text in _lines(page):
        hashes, names = set(HASH.findall(text)), set(NAME.findall(text)) & {*checkpoint.files}
        if len(hashes) == len(names) == 1:
            name = names.pop()
            found.append(Checksum(name, hashes.pop(), _sha256(checkpoint, name), number))
    return tuple(found)


def _lines(page: Page) -> Iterator[tuple[int, str]]:
    yield from ((line.number, " | ".join(line.cells) or line.text) for line in statements(page))
    for fence in page.fences:
        yield from enumerate(fence.text.split("\n"), fence.number)


def _sha256(checkpoint: Checkpoint, name: str) -> str | None:
    info = checkpoint.files[name]
    if info.claimed or info.size > CAP:
        return info.claimed or None
    try:
        return hashlib.sha256(checkpoint.source.read(name, 0, info.size)).hexdigest()
    except CheckpointError:
        return None
