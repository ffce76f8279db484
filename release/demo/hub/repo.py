"""One repository: immutable commits, and the branches, tags and pull requests that name them."""

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from release.demo.hub.tree import Blob, Edit, Tree, edited
from release.demo.hub.wire import HubError, bad_request, conflict, no_revision

Visibility = Literal["public", "private"]
Gated = Literal["auto", "manual", False]
Status = Literal["draft", "open", "closed", "merged"]

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_REF_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Commit:
    """A tree and where it came from; never changes."""

    oid: str
    parents: tuple[str, ...]
    title: str
    text: str
    author: str
    date: datetime
    tree: Tree


@dataclass(frozen=True, slots=True)
class Message:
    """Title, description and author of a commit to be made."""

    title: str
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a discussion; `data` is what the client reads."""

    kind: str
    author: str
    date: datetime
    data: Mapping[str, object]


@dataclass(slots=True)
class Discussion:
    """A discussion, or a pull request (`base` is the branch it would change)."""

    number: int
    title: str
    author: str
    date: datetime
    status: Status
    base: str | None
    merged_as: str | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """The ref that holds a pull request's commits."""
        return f"refs/pr/{self.number}"


class Repo:
    """A repository. `lock` guards everything but the commits themselves."""

    def __init__(self, repo_id: str, author: str, visibility: Visibility) -> None:
        self.id = repo_id
        self.author = author
        self.visibility: Visibility = visibility
        self.gated: Gated = False
        self.created = now()
        self.lock = threading.RLock()
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.pulls: dict[str, str] = {}
        self.discussions: dict[int, Discussion] = {}
        self._commits: dict[str, Commit] = {}

    def start(self, tree: Tree) -> None:
        """Make the first commit, on `main`."""
        with self.lock:
            message = Message("initial commit", "", self.author)
            self.branches["main"] = self._record((), message, tree).oid

    def find(self, revision: str) -> Commit:
        """Return the commit of a branch, tag, `refs/…` or (short) oid. Raises HubError 404."""
        with self.lock:
            ref = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
            for names in (self.branches, self.tags, self.pulls):
                if ref in names:
                    return self._commits[names[ref]]
            if _COMMIT.fullmatch(revision):
                found = [oid for oid in self._commits if oid.startswith(revision)]
                if len(found) == 1:
                    return self._commits[found[0]]
        raise no_revision(revision)

    def history(self, commit: Commit) -> Iterator[Commit]:
        """Yield a commit and its first parents, newest first."""
        yield commit
        while commit.parents:
            commit = self._commits[commit.parents[0]]
            yield commit

    def last_change(self, commit: Commit, path: str) -> Commit:
        """Return the newest commit up to `commit` that changed a path, file or folder."""
        held = _under(commit.tree, path)
        latest = commit
        for older in self.history(commit):
            if _under(older.tree, path) != held:
                break
            latest = older
        return latest

    def commit(
        self, ref: str, edits: list[Edit], message: Message, expected: str | None = None
    ) -> Commit:
        """Commit on a branch or pull request, all or nothing.

        Raises HubError 412 if `expected` (an oid, may be short) is not the head any more.
        """
        with self.lock:
            refs = self._writable(ref)
            head = self._commits[refs[ref]]
            if expected and not head.oid.startswith(expected):
                raise HubError(
                    HTTPStatus.PRECONDITION_FAILED,
                    "A commit has happened since. Please refresh and try again.",
                )
            made = self._record((head.oid,), message, edited(head.tree, edits))
            refs[ref] = made.oid
            return made

    def start_branch(self, name: str, revision: str) -> None:
        """Start a branch at a commit. Raises HubError 409 if it exists, 400 for a bad name."""
        with self.lock:
            _create(self.branches, name, self.find(revision).oid)

    def set_tag(self, name: str, revision: str) -> None:
        """Tag a commit. Raises HubError 409 if the tag exists, 400 for a bad name."""
        with self.lock:
            _create(self.tags, name, self.find(revision).oid)

    def _writable(self, ref: str) -> dict[str, str]:
        for refs in (self.branches, self.pulls):
            if ref in refs:
                return refs
        raise no_revision(ref)

    def _record(self, parents: tuple[str, ...], message: Message, tree: Tree) -> Commit:
        date = now()
        facts = [*parents, message.title, message.text, message.author, date.isoformat()]
        # The count keeps two identical commits of one clock tick apart.
        facts += [self.id, str(len(self._commits))]
        facts += [f"{path} {blob.git_sha1}" for path, blob in sorted(tree.items())]
        oid = hashlib.sha1("\n".join(facts).encode(), usedforsecurity=False).hexdigest()
        made = Commit(oid, parents, message.title, message.text, message.author, date, tree)
        self._commits[oid] = made
        return made


def _create(refs: dict[str, str], name: str, oid: str) -> None:
    if not _REF_NAME.fullmatch(name) or ".." in name or name.startswith("refs/"):
        raise bad_request(f"Invalid reference name: {name!r}")
    if name in refs:
        raise conflict(f"Reference already exists: {name}")
    refs[name] = oid


def _under(tree: Tree, path: str) -> dict[str, Blob]:
    if path in tree:
        return {path: tree[path]}
    return {name: blob for name, blob in tree.items() if name.startswith(path + "/")}
