"""A proxy before the test Hub with manners of its own: what other servers, and lines, do."""

import gzip
import http.client
import json
import socket
import struct
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from release.publish.files import git_sha1

Headers = list[tuple[str, str]]
OURS = {"content-length", "connection", "date", "server", "transfer-encoding"}
MANNERS = (
    *("headers in other cases", "slow and in chunks", "compressed", "closes each connection"),
    *("redirects", "resets the first of each", "429 with a date", "502 after each write"),
    *("everything regular", "everything large", "created is 201", "refs lag behind"),
    *("says that small files are there", "no text at first", "names another commit"),
)
LINES = (
    *("on IPv6", "xet tokens that have expired", "repeats each write", "early hints", "HTTP/1.0"),
    *("closes unsaid", "commits are locked at first"),
)
LAG = 0.4  # seconds
ELSEWHERE = "localhost"  # the same server, and another host to a client
NOWHERE = "f" * 40
BODIES: dict[str, tuple[bytes, Headers]] = {
    "a bomb": (gzip.compress(bytes(100 << 20), 1), [("content-encoding", "gzip")]),
    "a bomb in a bomb": (gzip.compress(b"{}"), [("content-encoding", "gzip, gzip")]),
    "an encoding that nobody asked for": (b"{}", [("content-encoding", "br")]),
    "drips no JSON": (b"<html>" * 99, [("content-type", "text/html")]),
}
MADE = f"https://huggingface.co/acme/tiny-NVFP4/commit/{NOWHERE}"


class Proxy(ThreadingHTTPServer):
    """Forwards to a port of 127.0.0.1, in one of the manners."""

    daemon_threads = True

    def __init__(self, port: int, manner: str) -> None:
        self.host = "127.0.0.1"
        if manner == "on IPv6":
            self.address_family, self.host = socket.AF_INET6, "[::1]"
        super().__init__((self.host.strip("[]"), 0), Handler)
        self.port, self.manner = port, manner
        self.seen: set[str] = set()
        self.answers: dict[str, tuple[int, Headers, bytes]] = {}
        self.committed = 0.0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Print nothing."""

    def serve(self) -> None:
        manner, name = self.server.manner, f"{self.command} {self.path.partition('?')[0]}"
        first = name not in self.server.seen
        self.server.seen.add(name)
        body = b"".join(self.body())
        if manner == "resets the first of each" and first:
            self.reset()
        elif early := self.early(first=first):
            self.answer(*early)
        else:
            self.path = self.path.removeprefix("/moved")
            if manner == "repeats each write" and self.command in {"POST", "PUT"}:
                self.forward(body)
            status, headers, content = self.changed(body, *self.forward(body))
            if manner == "no text at first" and first:
                content = b'{"error": "\xff\xfe"}'
            if manner == "502 after each write" and first and self.command in {"POST", "PUT"}:
                status, headers, content = 502, [], b"<html>bad gateway</html>"
            self.answer(status, headers, content)

    def early(self, *, first: bool) -> tuple[int, Headers, bytes] | None:
        """What is answered without asking the server behind."""
        asks, commit = self.command == "GET", "/commit/" in self.path
        date = formatdate(time.time() + 1, usegmt=True)
        made = json.dumps({"commitOid": NOWHERE, "commitUrl": MADE}).encode()
        moved = self.path.startswith("/moved/")
        answers: dict[str, tuple[bool, tuple[int, Headers, bytes]]] = {
            "commits nothing": (commit, (200, [], made)),
            "commits are locked at first": (first and commit, (423, [], b'{"error": "wait"}')),
            "moves what is written": (not asks, (301, [("location", MADE)], b"")),
            "429 with a date": (first and not asks, (429, [("retry-after", date)], b"{}")),
            "redirects": (not moved, (307, [("location", f"/moved{self.path}")], b"")),
        }
        if ELSEWHERE in self.headers["Host"] and "Authorization" in self.headers:
            return 400, [], b"a token for the Hub came here"
        due, answer = answers.get(self.server.manner, (False, None))
        return answer if due else None

    do_GET = do_POST = do_PUT = do_HEAD = serve  # noqa: N815 - the base looks for these names

    def body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def forward(self, body: bytes) -> tuple[int, Headers, bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in {*OURS, "host"}}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port)) as upstream:
            upstream.request(self.command, self.path, body=body, headers=headers)
            answer = upstream.getresponse()
            kept = [(key, value) for key, value in answer.getheaders() if key.lower() not in OURS]
            return answer.status, [(key, self.named(value)) for key, value in kept], answer.read()

    def named(self, value: str) -> str:
        """Put this server's address in place of the one behind it, as a mirror does."""
        host = ELSEWHERE if self.server.manner == "pages elsewhere" else self.server.host
        behind, here = self.server.port, self.server.server_port
        return value.replace(f"//127.0.0.1:{behind}/", f"//{host}:{here}/")

    def changed(
        self, body: bytes, status: int, headers: Headers, content: bytes
    ) -> tuple[int, Headers, bytes]:
        server = self.server
        if "/preupload/" in self.path and status == 200:
            content = json.dumps(self.preuploaded(json.loads(body), json.loads(content))).encode()
        if server.manner == "xet tokens that have expired" and "/xet-write-token/" in self.path:
            content = json.dumps(json.loads(content) | {"exp": 1}).encode()
        if server.manner == "names another commit" and "/commit/" in self.path:
            content = json.dumps(json.loads(content) | {"commitOid": NOWHERE}).encode()
        if server.manner == "says nothing of who sees it" and "private" in self.path:
            content = json.dumps(json.loads(content) | {"private": None}).encode()
        if server.manner == "created is 201" and self.command == "POST" and status == 200:
            status = 201
        if server.manner == "refs lag behind":
            if "/commit/" in self.path:
                server.committed = time.monotonic()
            if time.monotonic() - server.committed < LAG and self.path.endswith("/refs"):
                return server.answers.get(self.path, (status, headers, content))
            server.answers[self.path] = status, headers, content
        return status, headers, content

    def preuploaded(self, asked: Any, answer: Any) -> Any:
        manner = self.server.manner
        modes = {"everything regular": "regular", "everything large": "lfs"}
        samples = {file["path"]: b64decode(file["sample"]) for file in asked["files"]}
        for file in answer["files"]:
            file["uploadMode"] = modes.get(manner, file["uploadMode"])
            if manner == "says that small files are there":
                file["oid"] = git_sha1(samples[file["path"]])
            if manner == "ignores a file" and file["path"] == "README.md":
                file["shouldIgnore"] = True
        return answer

    def answer(self, status: int, headers: Headers, content: bytes) -> None:
        manner = self.server.manner
        if manner == "compressed" and "gzip" in self.headers.get("Accept-Encoding", ""):
            content, headers = gzip.compress(content), [*headers, ("content-encoding", "GZIP")]
        if manner == "drips headers":
            self.trickle(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 999)
            return
        if manner in BODIES:
            content, headers = BODIES[manner]
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=next\r\n\r\n"
        self.wfile.write(hints if manner == "early hints" else b"")
        if manner in {"HTTP/1.0", "closes unsaid"}:
            self.close_connection = True
            self.protocol_version = "HTTP/1.0" if manner == "HTTP/1.0" else "HTTP/1.1"
        self.send_response_only(status)
        for number, (key, value) in enumerate(headers):
            odd = manner == "headers in other cases"
            self.send_header((key.upper() if number % 2 else key.lower()) if odd else key, value)
        if manner == "closes each connection":
            self.send_header("Connection", "close")
            self.close_connection = True
        if manner in {"slow and in chunks", "drips", "drips no JSON"}:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.drip(content, 0.01 if manner == "slow and in chunks" else 0.3)
            return
        if manner == "leads to itself" and "/commits/" in self.path:
            self.send_header(
                "Link", f'<http://127.0.0.1:{self.server.server_port}{self.path}>; rel="next"'
            )
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def drip(self, content: bytes, seconds: float) -> None:
        step = len(content) // 10 + 1
        with suppress(OSError):
            for start in range(0, len(content), step):
                piece = content[start : start + step]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                time.sleep(seconds)
            self.wfile.write(b"0\r\n\r\n")

    def trickle(self, content: bytes) -> None:
        """Send a byte at a time, until nobody listens."""
        with suppress(OSError):
            for start in range(len(content)):
                self.wfile.write(content[start : start + 1])
                time.sleep(0.05)

    def reset(self) -> None:
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)  # close with RST, not with FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with suppress(OSError):
            self.connection.close()


@contextmanager
def proxy(endpoint: str, manner: str) -> Iterator[str]:
    """Give the address of a proxy before a server."""
    with Proxy(int(endpoint.rpartition(":")[2]), manner) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://{running.host}:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join()
