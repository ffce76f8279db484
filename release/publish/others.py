"""What becomes of files on the Hub that are no part of the release, and of a card by hand."""

import re
from typing import Literal

import msgspec

from release.card.seal import MARK, is_ours
from release.checkpoint.index import INDEX_FILE
from release.facts.identity import CARD_FILE
from release.front_matter import split_card
from release.hub.remote_file import RemoteFile
from release.publish.record import Record, RecordedFile
from release.publish.selection import SIGNATURE_FILE

MAIN = "main"
ATTRIBUTES = ".gitattributes"  # the Hub's own: it adds lines when large files come
Choice = Literal["keep", "delete"]
Visibility = Literal["public", "private"]

_NUMBERED = re.compile(r"model(?:-\d{5,6}-of-\d{5,6})?\.safetensors")


class Remote(msgspec.Struct, frozen=True):
    """A repository as it is now; `head` is None where there is none. `sharded` is the index's.

    `branches` and `tags` are commits by name; `head` is that of the branch which is asked about, of
    the main branch as long as there is no such branch. `card` is what README.md says there,
    `record` what the last release wrote down.
    """

    head: str | None = None
    visibility: Visibility | None = None
    files: dict[str, RemoteFile] = {}
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    sharded: frozenset[str] = frozenset()
    card: str | None = None
    record: Record | None = None


class Reasoned(msgspec.Struct, frozen=True):
    """A file of the Hub, and why something is done to it or not."""

    path: str
    reason: str


class Fates(msgspec.Struct, frozen=True):
    """The files on the Hub that are not in the release: deleted, kept, or a reason to refuse."""

    deletes: tuple[Reasoned, ...] = ()
    kept: tuple[str, ...] = ()
    refused: tuple[Reasoned, ...] = ()


def decide(others: list[str], remote: Remote, choice: Choice | None) -> Fates:
    """Decide what becomes of the files that are not in the release."""
    deletes, kept, refused = [], [], []
    for path in others:
        stale = _stale(path, remote)
        if path == ATTRIBUTES:
            continue
        if stale:
            deletes.append(Reasoned(path, stale))
        elif choice == "keep":
            kept.append(path)
        elif choice == "delete":
            deletes.append(Reasoned(path, "as you said: --delete-unknown"))
        else:
            refused.append(Reasoned(path, "no release wrote it"))
    return Fates(tuple(deletes), tuple(kept), tuple(refused))


def card_by_hand(remote: Remote) -> str:
    """Say why a card on the Hub must not be overwritten unasked, empty if it may be."""
    if remote.card is None or _is_stub(remote.card) or is_ours(remote.card):
        return ""
    return "was edited by hand" if MARK in remote.card else "was not written by release"


def edited_since(remote: Remote) -> tuple[str, ...]:
    """Name the files that the last release wrote and somebody changed on the Hub after it."""
    files = remote.record.files if remote.record else ()
    return tuple(
        file.path
        for file in files
        if file.path != CARD_FILE
        and file.path in remote.files
        and not is_recorded(file, remote.files[file.path])
    )


def is_recorded(file: RecordedFile, there: RemoteFile) -> bool:
    """Whether the Hub holds a file as it was recorded; one that cannot be compared is not."""
    if there.size != file.size:
        return False
    if there.sha256 is not None:
        return there.sha256 == file.sha256
    return there.git_sha1 == file.git_sha1


def _stale(path: str, remote: Remote) -> str:
    """Say which earlier release wrote it: an engine that globs loads its weights beside ours."""
    if remote.record and (remote.record.of(path) or path == SIGNATURE_FILE):
        return "of the last release"
    if path == INDEX_FILE or path in remote.sharded or _NUMBERED.fullmatch(path) is not None:
        return "stale weights of an earlier release"
    return ""


def _is_stub(card: str) -> bool:
    """Whether it is empty but for a header, as the Hub writes it for a new repository."""
    return not split_card(card)[1].strip()
