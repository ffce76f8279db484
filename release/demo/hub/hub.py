"""What every route works on: the store, the tokens, the uploads under way, the settings."""

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from release.demo.hub.access import Access, login_required, no_repo
from release.demo.hub.objects import Objects
from release.demo.hub.publishers import Publishers
from release.demo.hub.repo import Commit, Repo
from release.demo.hub.store import Store
from release.demo.hub.wire import HubError, Request, forbidden
from release.demo.hub.xet_storage import XetStorage


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes a test may shrink."""

    page_size: int = 1000
    """Entries in one page of a listing."""
    part_size: int = 64 * 2**20
    """Bytes; larger LFS objects are uploaded in parts of this size."""
    regular_limit: int = 10 * 2**20
    """Bytes; larger files go to large file storage whatever their name."""
    trusted_lifetime: float = 3600
    """Seconds a token for a trusted publisher is valid."""
    xet: bool = True
    """Whether there is a xet store: else uploads go by LFS, as on older servers."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One server's state."""

    endpoint: str
    settings: Settings
    objects: Objects
    xet: XetStorage
    store: Store
    access: Access
    publishers: Publishers
    pending: dict[str, int] = field(default_factory=dict)
    """Sizes in bytes of the LFS objects that were announced, by sha256."""
    parts: dict[tuple[str, int], str] = field(default_factory=dict)
    """MD5 of the parts received, by sha256 and number (from 1)."""
    joining: threading.Lock = field(default_factory=threading.Lock)
    """Held while parts become an object."""

    def readable(self, request: Request) -> Repo:
        """Return the repository of a route. Raises HubError 401 or 404 as if it did not exist."""
        repo_id = request.params["repo"]
        repo = self.store.get(repo_id)
        if repo is None:
            raise no_repo(request.caller)
        if repo.visibility != "public" and not request.caller.owns(repo_id):
            raise no_repo(request.caller)
        return repo

    def downloadable(self, request: Request) -> Repo:
        """Return a repository whose files may be read. Raises HubError also for gated ones."""
        repo = self.readable(request)
        if repo.gated and not request.caller.owns(repo.id):
            anonymous = request.caller.anonymous
            status = HTTPStatus.UNAUTHORIZED if anonymous else HTTPStatus.FORBIDDEN
            message = f"Access to model {repo.id} is restricted."
            raise HubError(status, message, code="GatedRepo")
        return repo

    def writable(self, request: Request) -> Repo:
        """Return a repository that the caller may change. Raises HubError 401, 403, 404."""
        repo = self.readable(request)
        if request.caller.anonymous:
            raise login_required()
        if not request.caller.may_write(repo.id):
            raise forbidden(f"You do not have write access to {repo.id}")
        return repo


def revision_of(request: Request) -> str:
    """Return the revision of a route; the client may have quoted it twice."""
    return unquote(request.params["revision"])


def commit_of(repo: Repo, request: Request) -> Commit:
    """Return the commit that a route names. Raises HubError 404."""
    return repo.find(revision_of(request))
