"""What a push will change on the Hub, from the release and from what is there now."""

import re
from typing import Literal

import msgspec

from release.checkpoint.index import INDEX_FILE
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.publish.gate import LocalFile, Release
from release.publish.selection import LeftOut

ATTRIBUTES = ".gitattributes"  # the Hub's own: it adds lines when large files come
SHORT = len("sha256:") + 12
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_NUMBERED = re.compile(r"model(?:-\d{5,6}-of-\d{5,6})?\.safetensors")

Action = Literal["add", "replace", "keep"]
Visibility = Literal["public", "private"]


class RemoteFile(msgspec.Struct, frozen=True):
    """A file on the Hub: `sha256` in large file storage, else only what git calls it."""

    size: int
    git_sha1: str
    sha256: str | None


class Remote(msgspec.Struct, frozen=True):
    """A repository as it is now; `head` is None where there is none. `sharded` is the index's."""

    head: str | None = None
    visibility: Visibility | None = None
    files: dict[str, RemoteFile] = {}
    tags: dict[str, str] = {}
    sharded: frozenset[str] = frozenset()
    foreign_card: bool = False


class Wish(msgspec.Struct, frozen=True):
    """What the person asked for; without a visibility a new repository is public in the end."""

    repo: str
    tag: str | None = None
    pull_request: bool = False
    visibility: Visibility | None = None


class PlannedFile(msgspec.Struct, frozen=True):
    """A file of the release and what happens to it."""

    path: str
    size: int
    sha256: str
    action: Action


class Plan(msgspec.Struct, frozen=True):
    """Everything a push will do, in one commit on top of `parent`.

    `deletes` are stale weights of an earlier release, `kept` files of the Hub that are not ours to
    touch, `left_out` files that stay on this machine. `send_bytes` is the most that is uploaded.
    """

    repo: str
    create: bool
    visibility: Visibility
    make_public: bool
    parent: str | None
    files: tuple[PlannedFile, ...]
    deletes: tuple[str, ...]
    kept: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    send_bytes: int
    message: str
    description: str
    tag: str | None
    pull_request: bool
    notices: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.deletes) or any(file.action != "keep" for file in self.files)


def check_wish(wish: Wish) -> None:
    """Raise `ReleaseError` for what cannot be wished for, whatever the Hub holds."""
    if wish.tag is not None and not _TAG.fullmatch(wish.tag):
        raise ReleaseError(f"{wish.tag!r} is no name for a tag", hint="for example v1")
    if wish.pull_request and wish.tag:
        hint = "tag once it is merged"
        raise ReleaseError("a pull request cannot be tagged: it is not a release yet", hint=hint)
    if wish.pull_request and wish.visibility:
        raise ReleaseError("a pull request cannot change who sees the repository")


def make_plan(release: Release, remote: Remote, wish: Wish) -> Plan:
    """Compare a release with the Hub. Raises `ReleaseError` for what must not be done."""
    files = tuple(_planned(file, remote) for file in release.files)
    ours = {file.path for file in files}
    others = [path for path in sorted(remote.files) if path not in ours and path != ATTRIBUTES]
    deletes = tuple(path for path in others if _is_stale(path, remote))
    short = release.digest[:SHORT]
    plan = Plan(
        repo=wish.repo,
        create=remote.head is None,
        visibility=wish.visibility or remote.visibility or "public",
        make_public=(wish.visibility or remote.visibility) != "private"
        and remote.visibility != "public",
        parent=remote.head,
        files=files,
        deletes=deletes,
        kept=tuple(path for path in others if path not in deletes),
        left_out=release.left_out,
        send_bytes=sum(file.size for file in files if file.action != "keep"),
        message=f"Release {wish.tag} ({short})" if wish.tag else f"Release {short}",
        description=f"{release.proof}\n\nDigest of the files: {release.digest}",
        tag=wish.tag,
        pull_request=wish.pull_request,
        notices=_notices(remote, files, wish),
    )
    _require_possible(plan, remote)
    return plan


def matches(file: LocalFile, there: RemoteFile | None) -> bool:
    """Whether the Hub holds exactly these bytes under that name."""
    if there is None or there.size != file.size:
        return False
    if there.sha256 is not None:
        return there.sha256 == file.sha256
    return there.git_sha1 == file.git_sha1()


def _planned(file: LocalFile, remote: Remote) -> PlannedFile:
    there = remote.files.get(file.path)
    action: Action = "add" if there is None else "keep" if matches(file, there) else "replace"
    return PlannedFile(file.path, file.size, file.sha256, action)


def _is_stale(path: str, remote: Remote) -> bool:
    """Whether an earlier release wrote it: an engine that globs would load it beside the new."""
    return path == INDEX_FILE or path in remote.sharded or _NUMBERED.fullmatch(path) is not None


def _notices(remote: Remote, files: tuple[PlannedFile, ...], wish: Wish) -> tuple[str, ...]:
    notices = []
    replaced = any(file.path == CARD_FILE and file.action == "replace" for file in files)
    if remote.foreign_card and replaced:
        notices.append(f"{CARD_FILE} on the Hub was not written by release: it is replaced")
    if remote.visibility == "private" and wish.visibility is None:
        notices.append("the repository is private and stays so; --public changes that")
    return tuple(notices)


def _require_possible(plan: Plan, remote: Remote) -> None:
    if plan.pull_request and plan.create:
        hint = "push without --create-pr first"
        raise ReleaseError(
            "does not exist, so it takes no pull request", where=plan.repo, hint=hint
        )
    if plan.visibility == "private" and remote.visibility == "public":
        hint = "change it in its settings on the Hub"
        raise ReleaseError("is public already, --private is refused", where=plan.repo, hint=hint)
    there = remote.tags.get(plan.tag or "")
    if there and (plan.changes or there != remote.head):
        what = f"tag {plan.tag} is on commit {there[:12]} already, and tags are never moved"
        raise ReleaseError(what, where=plan.repo, hint="choose another name")
