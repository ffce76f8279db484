"""What a push will change on the Hub, from the release and from what is there now."""

import re
from typing import Literal

import msgspec

from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.hub.remote_file import RemoteFile
from release.publish.files import Release, ReleaseFile
from release.publish.gate import GateError
from release.publish.limits import require_limits
from release.publish.names import BRANCH, TAG
from release.publish.others import (
    MAIN,
    Choice,
    Fates,
    Reasoned,
    Remote,
    Visibility,
    card_by_hand,
    decide,
    edited_since,
)
from release.publish.selection import LeftOut
from release.report import FOUND
from release.text import printable
from release.units import plural

SHORT = len("sha256:") + 12
_NO_NAME = re.compile(r"--|\.\.|\.git$|\.ipynb$|^[-.]|[-.]$")


Action = Literal["add", "replace", "keep"]


class Wish(msgspec.Struct, frozen=True):
    """What the person asked for; without a visibility a new repository is public in the end.

    `unknown` is what becomes of files on the Hub that no release wrote, `message` the title.
    A `branch` that is not there starts where the main branch is.
    """

    repo: str
    branch: str = MAIN
    tag: str | None = None
    pull_request: bool = False
    visibility: Visibility | None = None
    message: str | None = None
    unknown: Choice | None = None
    overwrite_card: bool = False


class PlannedFile(msgspec.Struct, frozen=True):
    """A file of the release and what happens to it."""

    path: str
    size: int
    sha256: str
    action: Action


class Plan(msgspec.Struct, frozen=True):
    """Everything a push will do, in one commit on top of `parent`.

    `deletes` are files of an earlier release, `kept` files of the Hub that are not ours to touch,
    `refused` what somebody has to decide first: as long as there is any, nothing is done.
    `branch` takes the commit, or the pull request against it; `start_branch` makes it, on `parent`.
    `left_out` are files that stay on this machine, `send_bytes` is the most that is uploaded.
    """

    repo: str
    create: bool
    visibility: Visibility
    make_public: bool
    parent: str | None
    files: tuple[PlannedFile, ...]
    deletes: tuple[Reasoned, ...]
    kept: tuple[str, ...]
    refused: tuple[Reasoned, ...]
    left_out: tuple[LeftOut, ...]
    send_bytes: int
    message: str
    description: str
    tag: str | None
    branch: str
    start_branch: bool
    pull_request: bool
    notices: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.deletes) or any(file.action != "keep" for file in self.files)


def check_wish(wish: Wish) -> None:
    """Raise `ReleaseError` for what cannot be wished for, whatever the Hub holds."""
    name = wish.repo.partition("/")[2]
    if _NO_NAME.search(name):
        hint = "no '--', '..', '.git', and no '-' or '.' at either end"
        raise ReleaseError("is no name that the Hub takes", where=wish.repo, hint=hint)
    if wish.tag is not None and not TAG.fullmatch(wish.tag):
        raise ReleaseError(f"{wish.tag!r} is no name for a tag", hint="for example v1")
    if wish.message is not None and not wish.message.strip():
        raise ReleaseError("the message is empty")
    if not BRANCH.fullmatch(wish.branch):
        raise ReleaseError(f"{wish.branch!r} is no name for a branch", hint="for example v2")
    if wish.pull_request and wish.branch != MAIN:
        raise ReleaseError(f"a pull request is against the {MAIN} branch, not {wish.branch}")
    if wish.pull_request and wish.tag:
        hint = "tag once it is merged"
        raise ReleaseError("a pull request cannot be tagged: it is not a release yet", hint=hint)
    if wish.pull_request and wish.visibility:
        raise ReleaseError("a pull request cannot change who sees the repository")


def make_plan(release: Release, remote: Remote, wish: Wish) -> Plan:
    """Compare a release with the Hub. Raises `ReleaseError` for what must not be done."""
    files = tuple(_planned(file, remote) for file in release.files)
    ours = {file.path for file in files}
    others = [path for path in sorted(remote.files) if path not in ours]
    fates = decide(others, remote, wish.unknown)
    refused = (*_refused_card(files, remote, wish), *fates.refused)
    plan = Plan(
        repo=wish.repo,
        create=remote.head is None,
        visibility=wish.visibility or remote.visibility or "public",
        make_public=(wish.visibility or remote.visibility) != "private"
        and remote.visibility != "public",
        parent=remote.head,
        files=files,
        deletes=fates.deletes,
        kept=fates.kept,
        refused=refused,
        left_out=release.left_out,
        send_bytes=sum(file.size for file in files if file.action != "keep"),
        message=_title(release, wish),
        description=f"{release.proof}\n\nDigest of the files: {release.digest}",
        tag=wish.tag,
        branch=wish.branch,
        start_branch=remote.head is not None and wish.branch not in remote.branches,
        pull_request=wish.pull_request,
        notices=(*_notices(remote, files, wish), *_limits(release, fates)),
    )
    _require_possible(plan, remote)
    return plan


def matches(file: ReleaseFile, there: RemoteFile | None) -> bool:
    """Whether the Hub holds exactly these bytes under that name."""
    if there is None or there.size != file.size:
        return False
    if there.sha256 is not None:
        return there.sha256 == file.sha256
    return there.git_sha1 == file.git_sha1()


def _planned(file: ReleaseFile, remote: Remote) -> PlannedFile:
    there = remote.files.get(file.path)
    action: Action = "add" if there is None else "keep" if matches(file, there) else "replace"
    return PlannedFile(file.path, file.size, file.sha256, action)


def _title(release: Release, wish: Wish) -> str:
    short = release.digest[:SHORT]
    if wish.message:
        return printable(" ".join(wish.message.split()))
    return f"Release {wish.tag} ({short})" if wish.tag else f"Release {short}"


def _limits(release: Release, fates: Fates) -> tuple[str, ...]:
    return require_limits(release.files, fates.kept)


def _refused_card(
    files: tuple[PlannedFile, ...], remote: Remote, wish: Wish
) -> tuple[Reasoned, ...]:
    why = "" if wish.overwrite_card or not _replaces_card(files) else card_by_hand(remote)
    return (Reasoned(CARD_FILE, why),) if why else ()


def _replaces_card(files: tuple[PlannedFile, ...]) -> bool:
    return any(file.path == CARD_FILE and file.action == "replace" for file in files)


def _notices(remote: Remote, files: tuple[PlannedFile, ...], wish: Wish) -> tuple[str, ...]:
    notices = []
    why = card_by_hand(remote)
    if why and wish.overwrite_card and _replaces_card(files):
        notices.append(f"{CARD_FILE} on the Hub {why}: it is replaced")
    kept = {file.path for file in files if file.action == "keep"}
    notices += [
        f"{path} was changed on the Hub since the last release: that change is lost"
        for path in edited_since(remote)
        if path not in kept
    ]
    if remote.visibility == "private" and wish.visibility is None:
        notices.append("the repository is private and stays so; --public changes that")
    return tuple(notices)


def _require_possible(plan: Plan, remote: Remote) -> None:
    if plan.create and (plan.pull_request or plan.branch != MAIN):
        what, option = (
            ("pull request", "--create-pr") if plan.pull_request else ("branch", "--branch")
        )
        raise ReleaseError(
            f"does not exist, so it takes no {what}",
            where=plan.repo,
            hint=f"push without {option} first",
        )
    if plan.visibility == "private" and remote.visibility == "public":
        hint = "change it in its settings on the Hub"
        raise ReleaseError("is public already, --private is refused", where=plan.repo, hint=hint)
    there = remote.tags.get(plan.tag or "")
    if there and (plan.changes or there != remote.head):
        what = f"tag {plan.tag} is on commit {there[:12]} already, and tags are never moved"
        raise ReleaseError(what, where=plan.repo, hint="choose another name")


def require_decided(plan: Plan) -> None:
    """Raise `GateError` where somebody has to decide something first."""
    if plan.refused:
        first, more = plan.refused[0], len(plan.refused) - 1
        what = f"on the Hub: {first.reason}"
        rest = f"; and {plural(more, 'other file')}" if more else ""
        hint = "say " + " or ".join(_choices(plan)) + ": nothing was published"
        raise GateError(what + rest, where=first.path, hint=hint, exit_code=FOUND)


def _choices(plan: Plan) -> list[str]:
    unknown = any(entry.path != CARD_FILE for entry in plan.refused)
    card = any(entry.path == CARD_FILE for entry in plan.refused)
    choices = ["--keep-unknown or --delete-unknown"] if unknown else []
    return [*choices, "--overwrite-card"] if card else choices
