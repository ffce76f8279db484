"""What crosses the wire: one request in, one answer out, and the errors that are answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

if TYPE_CHECKING:  # these import this module
    from release.demo.hub.access import Caller
    from release.demo.hub.body import Body

JSON_LIMIT = 256 * 2**20
"""Largest JSON, form or NDJSON body that is read into memory, in bytes."""


class HubError(Exception):
    """A request that is refused: becomes a JSON answer with this status.

    `code` is the Hub's machine-readable `X-Error-Code` (`RepoNotFound` and the like) or empty.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})

    def answer(self) -> "Answer":
        """Shape the refusal as the Hub does: JSON body, text and code repeated in headers."""
        headers = {"X-Error-Message": self.message.replace("\n", " "), **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return Answer.of_json({"error": self.message}, status=self.status, headers=headers)


class Span(NamedTuple):
    """`length` bytes of the file `path`, from byte `start`."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and content; content is bytes, or a span of a file sent piece by piece."""

    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Span = b""
    truncated: bool = False
    """Whether the connection breaks in the middle of it."""

    @classmethod
    def of_json(
        cls,
        value: object,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
    ) -> "Answer":
        """Answer with `value` as JSON."""
        typed = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return cls(status, typed, json.dumps(value).encode())

    @property
    def length(self) -> int:
        """Content length in bytes."""
        return self.content.length if isinstance(self.content, Span) else len(self.content)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `path` is as sent (still percent-encoded), `params` are decoded parts of it."""

    method: str
    path: str
    query: str
    headers: Message
    body: "Body"
    caller: "Caller"
    params: Mapping[str, str] = field(default_factory=dict)

    def with_params(self, params: Mapping[str, str]) -> "Request":
        """Return the same request after routing."""
        return replace(self, params=params)

    def asked(self, name: str, default: str = "") -> str:
        """Return the last value of a query parameter."""
        return self.asked_all(name, default)[-1]

    def asked_all(self, name: str, default: str = "") -> list[str]:
        """Return all values of a query parameter; `name[]` is the same parameter."""
        values = parse_qs(self.query, keep_blank_values=True)
        return values.get(name, []) + values.get(f"{name}[]", []) or [default]

    def wants(self, name: str) -> bool:
        """Whether a yes/no query parameter is set."""
        return self.asked(name).lower() in {"1", "true", "yes"}

    def json(self) -> object:
        """Parse the body as JSON; an empty body is `{}`. Raises HubError 400."""
        data = self.body.read_all(JSON_LIMIT)
        try:
            return json.loads(data) if data else {}
        except (ValueError, RecursionError) as error:
            raise bad_request(f"The body is not JSON: {error}") from None

    def form(self) -> dict[str, list[str]]:
        """Parse the body as an HTML form. Raises HubError 400."""
        data = self.body.read_all(JSON_LIMIT)
        try:
            return parse_qs(data.decode(), keep_blank_values=True)
        except ValueError as error:
            raise bad_request(f"The body is not a form: {error}") from None


def bad_request(message: str) -> HubError:
    """Return a 400."""
    return HubError(HTTPStatus.BAD_REQUEST, message)


def forbidden(message: str) -> HubError:
    """Return a 403."""
    return HubError(HTTPStatus.FORBIDDEN, message)


def conflict(message: str) -> HubError:
    """Return a 409."""
    return HubError(HTTPStatus.CONFLICT, message)


def no_revision(revision: str) -> HubError:
    """Return the 404 for a branch, tag or commit that does not exist."""
    message = f"Invalid rev id: {revision}"
    return HubError(HTTPStatus.NOT_FOUND, message, code="RevisionNotFound")


def no_entry(path: str) -> HubError:
    """Return the 404 for a path that is not in the tree."""
    return HubError(HTTPStatus.NOT_FOUND, f"Entry not found: {path}", code="EntryNotFound")
