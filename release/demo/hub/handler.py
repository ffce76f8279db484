"""From socket to route and back: reads a request, applies faults, logs, writes the answer."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR
from typing import NamedTuple, Protocol

from release.demo.hub.body import PIECE, Body
from release.demo.hub.faults import Fault, Faults
from release.demo.hub.hub import Hub
from release.demo.hub.routes import dispatch
from release.demo.hub.wire import Answer, HubError, Request, Span


class Logged(NamedTuple):
    """One request as it was answered; `status` is None where the connection was dropped."""

    method: str
    path: str
    query: str
    status: int | None


class Site(Protocol):
    """What a handler needs of its server."""

    hub: Hub
    faults: Faults
    requests: list[Logged]
    failures: list[str]
    answered: dict[str, Answer]
    wait: Callable[[float], object]


class Handler(BaseHTTPRequestHandler):
    """Serves one connection; `site` is filled in by the server."""

    site: Site
    protocol_version = "HTTP/1.1"
    server_version = "demo-hub"
    sys_version = ""
    timeout = 120
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Print nothing: `requests` is the log."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        fault = self.site.faults.take(self.command, path)
        try:
            body = Body(self.rfile, self.headers)
            answer = self._faulty(fault, body, path, query)
            body.discard()
        except HubError as error:
            # The end of the body is unknown: the connection cannot go on.
            answer, self.close_connection = error.answer(), True
        except OSError:
            answer = None
        self._log(path, query, answer)
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - the base looks for these names

    def _faulty(self, fault: Fault | None, body: Body, path: str, query: str) -> Answer | None:
        """Return the answer, changed by a fault; None drops the connection."""
        if fault is None:
            return self._answer(body, path, query)
        usual = None
        if fault.when == "after":
            usual = self._answer(body, path, query)
        if fault.stale:
            return self._old(path, query)
        if not usual and (fault.drop or fault.status is not None):
            body.discard()
        self.site.wait(fault.delay)
        if fault.drop:
            return None
        if fault.status is not None and fault.content is None:
            message = f"{fault.status.value} {fault.status.phrase}"
            return HubError(fault.status, message, headers=fault.headers).answer()
        usual = usual or self._answer(body, path, query)
        if fault.content is not None:
            status = fault.status or usual.status
            return Answer(status, {**usual.headers, **fault.headers}, fault.content)
        return replace(usual, truncated=fault.truncate)

    def _old(self, path: str, query: str) -> Answer:
        """Answer as a copy of the Hub that lags behind: what it said last."""
        address = f"{self.command} {path}?{query}"
        held = self.site.answered.get(address)
        return held or HubError(HTTPStatus.NOT_FOUND, "Not found here yet").answer()

    def _answer(self, body: Body, path: str, query: str) -> Answer:
        try:
            caller = self.site.hub.access.caller(self.headers.get("Authorization"))
            request = Request(self.command, path, query, self.headers, body, caller)
            answer = dispatch(self.site.hub, request)
            if self.command in {"GET", "HEAD"}:
                self.site.answered[f"{self.command} {path}?{query}"] = answer
            return answer  # noqa: TRY300 - refusals are not remembered
        except HubError as error:
            return error.answer()
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the server lives on; tests assert `failures` is empty
            self.site.failures.append(traceback.format_exc())
            return HubError(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error").answer()

    def _log(self, path: str, query: str, answer: Answer | None) -> None:
        hide = self.site.hub.access.redact
        status = None if answer is None else answer.status.value
        self.site.requests.append(Logged(self.command, hide(path), hide(query), status))

    def _send(self, answer: Answer | None) -> None:
        try:
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(SHUT_RDWR)
                return
            self.send_response(answer.status.value)
            self.send_header("X-Request-Id", f"demo-{len(self.site.requests)}")
            for name, value in answer.headers.items():
                self.send_header(name, _latin(value))
            self.send_header("Content-Length", str(answer.length))
            self.end_headers()
            if self.command != "HEAD":
                self._send_content(answer.content, answer.length // 2 if answer.truncated else None)
            if answer.truncated:
                self.close_connection = True
                self.connection.shutdown(SHUT_RDWR)
        except OSError:
            self.close_connection = True

    def _send_content(self, content: bytes | Span, length: int | None) -> None:
        if isinstance(content, bytes):
            self.wfile.write(content[:length])
            return
        with content.path.open("rb") as file:
            file.seek(content.start)
            left = content.length if length is None else length
            while piece := file.read(min(left, PIECE)):
                self.wfile.write(piece)
                left -= len(piece)


def _latin(value: str) -> str:
    """Return a header value that can be sent whatever a stranger put into it."""
    return "".join(c if " " <= c <= "~" else "?" for c in value)
