"""A Hub in front of the test Hub whose files come from a host of other habits, as hosts have."""

import contextlib
import gzip
import json
import re
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.error import HTTPError

PIECE = 40_000
FILE = re.compile(r"/[^/]+/[^/]+/resolve/")


class Detour:
    """Passes everything on to `behind`, but files by way of a second host, bent by `habit`.

    `answers` change what the Hub says of a revision ("info"), of its files ("tree") and of the
    token ("whoami"). `headers` are those of every request that the second host got, `ranges` what
    was asked of it.
    """

    def __init__(self, behind: str) -> None:
        self.behind, self.habit, self.only = behind, "", ""
        self.times, self.after = -1, 0
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.headers: list[dict[str, str]] = []
        self.ranges: list[tuple[str, str]] = []
        self._servers = [self._server(_Front), self._server(_Files)]
        self.endpoint, self.files = (f"http://127.0.0.1:{s.server_port}" for s in self._servers)

    def _server(self, kind: type["_Handler"]) -> ThreadingHTTPServer:
        handler = type("Bound", (kind,), {"detour": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def bend(self, habit: str, only: str = "", times: int = -1, after: int = 0) -> None:
        """Give the second host a habit: for paths that hold `only`, so many times (-1: always).

        The first `after` such requests are answered as usual.
        """
        self.habit, self.only, self.times, self.after = habit, only, times, after

    def takes(self, path: str) -> str:
        """The habit to follow for this request."""
        if not self.habit or self.only not in path or self.times == 0:
            return ""
        if self.after:
            self.after -= 1
            return ""
        self.times -= 1
        return self.habit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    detour: Detour
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass

    def fetch(self, **more: str) -> tuple[int, dict[str, str], bytes]:
        kept = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}}
        request = urllib.request.Request(self.detour.behind + self.path, headers=kept | more)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, dict(answer.headers), answer.read()
        except HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def give(self, status: int, headers: dict[str, Any], body: bytes, sent: int = 1 << 40) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            lengths = {"content-length", "connection", "transfer-encoding", "server", "date"}
            for key, value in headers.items():
                if key.lower() not in lengths:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:sent])
            if sent < len(body):
                self.close_connection = True


class _Front(_Handler):
    def do_GET(self) -> None:
        if FILE.match(self.path):
            self.give(302, {"Location": self.detour.files + self.path}, b"")
            return
        status, headers, body = self.fetch()
        kinds = {"/tree/": "tree", "/whoami": "whoami", "/api/models/": "info"}
        kind = next((name for part, name in kinds.items() if part in self.path), "")
        change = self.detour.answers.get(kind)
        if change is not None:
            value = json.loads(body)
            while "Link" in headers:
                self.path = headers["Link"].partition(">")[0].removeprefix(f"<{self.detour.behind}")
                status, headers, body = self.fetch()
                value += json.loads(body)
            body = json.dumps(change(value)).encode()
        self.give(status, headers, body)


class _Files(_Handler):
    """Asks for files in the Hub's name: the client's own token must not come this far."""

    def do_GET(self) -> None:
        detour = self.detour
        detour.headers.append(dict(self.headers))
        asked = self.headers.get("Range", "")
        detour.ranges.append((self.path.rpartition("/")[2], asked))
        habit = detour.takes(self.path)
        if habit == "ignore":
            del self.headers["Range"]
        status, headers, body = self.fetch()
        headers.pop("X-Error-Code", None)
        getattr(self, f"_{habit or 'plain'}")(status, headers, body)

    def _plain(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.give(status, headers, body)

    _ignore = _plain

    def _short(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.give(status, headers, body, sent=len(body) // 2)

    def _capped(self, status: int, headers: dict[str, str], body: bytes) -> None:
        said = re.match(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
        if said and len(body) > PIECE:
            body = body[:PIECE]
            end = int(said[1]) + PIECE - 1
            headers["Content-Range"] = f"bytes {said[1]}-{end}/{said[2]}"
        self.give(status, headers, body)

    def _elsewhere(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.give(status, headers | {"Content-Range": f"bytes 5-{4 + len(body)}/99999"}, body)

    def _longer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        said = headers.get("Content-Range", "")
        self.give(status, headers | {"Content-Range": re.sub(r"/\d+", "/123456789", said)}, body)

    def _flip(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.give(status, headers, body[:-1] + bytes([body[-1] ^ 1]) if body else body)

    def _empty(self, status: int, headers: dict[str, str], _body: bytes) -> None:
        self.give(status, headers, b"")

    def _expired(self, _status: int, _headers: dict[str, str], _body: bytes) -> None:
        self.give(403, {"Content-Type": "application/xml"}, b"<Error>Request has expired</Error>")

    def _busy(self, _status: int, _headers: dict[str, str], _body: bytes) -> None:
        self.give(503, {"Retry-After": "0"}, b"busy")

    def _gzip(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.give(status, headers | {"Content-Encoding": "gzip"}, gzip.compress(body))

    def _loop(self, _status: int, _headers: dict[str, str], _body: bytes) -> None:
        self.give(302, {"Location": self.path}, b"")
