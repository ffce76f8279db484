"""Who is asking, and what they may do: tokens, namespaces, private and gated repositories."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from release.demo.hub.wire import HubError

Role = Literal["read", "write", "fineGrained"]
WRITE = "repo.write"


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a token, or nobody.

    `only` limits the token to one repository (Trusted Publishers). `scopes` are the permissions of
    a fine-grained token by user, organization or repository.
    """

    name: str = ""
    orgs: tuple[str, ...] = ()
    role: Role = "read"
    only: str = ""
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def anonymous(self) -> bool:
        """Whether no token was sent."""
        return not self.name

    def owns(self, repo_id: str) -> bool:
        """Whether a repository is in a namespace of the caller."""
        namespace = repo_id.split("/", maxsplit=1)[0]
        return namespace in {self.name, *self.orgs} and self.only in {"", repo_id}

    def may_write(self, repo_id: str) -> bool:
        """Whether the token may change a repository."""
        return self.owns(repo_id) and (self.role == "write" or self._granted(repo_id))

    def may_create(self, repo_id: str) -> bool:
        """Whether the token may make a repository."""
        namespace = repo_id.split("/", maxsplit=1)[0]
        return self.owns(repo_id) and (self.role == "write" or self._granted(namespace))

    def _granted(self, entity: str) -> bool:
        entities = (entity, entity.split("/", maxsplit=1)[0])
        return self.role == "fineGrained" and any(
            WRITE in self.scopes.get(name, ()) for name in entities
        )


class Access:
    """The tokens of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers: dict[str, tuple[Caller, float]] = {}

    def issue(self, caller: Caller, *, prefix: str = "hf_", lifetime: float = 10**9) -> str:
        """Make a token that is valid for `lifetime` seconds."""
        token = prefix + secrets.token_hex(17)
        with self._lock:
            self._callers[token] = (caller, time.monotonic() + lifetime)
        return token

    def caller(self, authorization: str | None) -> Caller:
        """Return the owner of an `Authorization` header. Raises HubError 401 if it is no good."""
        if not authorization:
            return Caller()
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            caller, expires = self._callers.get(token.strip(), (Caller(), 0.0))
        if scheme.lower() != "bearer" or expires <= time.monotonic():
            # The client tells a bad token from a hidden repository by exactly this text.
            raise HubError(HTTPStatus.UNAUTHORIZED, "Invalid credentials in Authorization header")
        return caller

    def redact(self, text: str) -> str:
        """Return `text` without any token of this server."""
        with self._lock:
            tokens = list(self._callers)
        for token in tokens:
            text = text.replace(token, "[token]")
        return text


def login_required() -> HubError:
    """Return the 401 for a call that needs a token."""
    return HubError(HTTPStatus.UNAUTHORIZED, "Invalid username or password.")


def no_repo(caller: Caller) -> HubError:
    """Return the answer for a repository that is missing or hidden: both look the same."""
    status = HTTPStatus.UNAUTHORIZED if caller.anonymous else HTTPStatus.NOT_FOUND
    return HubError(status, "Repository not found", code="RepoNotFound")
