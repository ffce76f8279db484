"""The Hub server: a context manager that listens on a free port of 127.0.0.1."""

import contextlib
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from release.demo.hub.access import Access, Caller, Role
from release.demo.hub.faults import Faults
from release.demo.hub.handler import Handler, Logged
from release.demo.hub.hub import Hub, Settings
from release.demo.hub.objects import Objects
from release.demo.hub.publishers import Publishers
from release.demo.hub.store import Store
from release.demo.hub.wire import Answer
from release.demo.hub.xet_storage import XetStorage

HOST = "127.0.0.1"
_Connection = socket.socket | tuple[bytes, socket.socket]
_Address = Any

CLOSING = 5.0
"""Seconds that requests under way get when the server closes."""


class HubServer:
    """A Hub of one user, from construction or `with` until `close`.

    Files live under `folder`; without one they go to a temporary folder that `close` removes.
    `user` owns the namespaces `user` and `orgs`.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        user: str = "demo",
        orgs: tuple[str, ...] = ("acme",),
        settings: Settings | None = None,
    ) -> None:
        self._temporary = folder is None
        self._folder = (folder or Path(tempfile.mkdtemp(prefix="demo-hub-"))).resolve()
        self._closing = threading.Event()
        self._listener = _Listener(self)
        self.endpoint = f"http://{HOST}:{self._listener.server_address[1]}"
        self.faults = Faults()
        self.requests: list[Logged] = []
        self.failures: list[str] = []
        self.answered: dict[str, Answer] = {}
        self.wait = self._closing.wait
        objects = Objects(self._folder)
        self.hub = Hub(
            endpoint=self.endpoint,
            settings=settings or Settings(),
            objects=objects,
            xet=XetStorage(self._folder / "xet", objects),
            store=Store(objects),
            access=Access(),
            publishers=Publishers(),
        )
        self._user, self._orgs = user, orgs
        self.token = self.add_token("write")
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), name="demo-hub", daemon=True
        )
        self._thread.start()

    @property
    def store(self) -> Store:
        """The repositories, for assertions."""
        return self.hub.store

    def add_token(
        self,
        role: Role,
        user: str | None = None,
        scopes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str:
        """Return a new token of the server's user, or of a stranger called `user`.

        A fine-grained one has `scopes`: permissions by user, organization or repository.
        """
        name, orgs = (user, ()) if user else (self._user, self._orgs)
        caller = Caller(name=name, orgs=orgs, role=role, scopes=scopes or {})
        return self.hub.access.issue(caller)

    def trust(self, repo_id: str, claims: Mapping[str, str]) -> None:
        """Make CI jobs with these claims trusted publishers of a repository."""
        self.hub.publishers.trust(repo_id, claims)

    def start_job(self, claims: Mapping[str, str]) -> dict[str, str]:
        """Start a CI job; return the environment in which it asks for its id token."""
        job = self.hub.publishers.start_job(claims)
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.endpoint}/ci/id-token",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.hub.access.issue(Caller(name=job), prefix="ci_"),
        }

    def close(self) -> None:
        """Stop listening, end all connections, remove a temporary folder. Twice is once."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the server; it is listening already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the server."""
        self.close()


class _Listener(ThreadingHTTPServer):
    """Threads that can be ended: it knows the connections that are open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: HubServer) -> None:
        self._open: set[_Connection] = set()
        self._changed = threading.Condition()
        self._site = site
        super().__init__((HOST, 0), type("SiteHandler", (Handler,), {"site": site}))

    def server_bind(self) -> None:
        # The base class asks the name service for the host's name, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: _Connection, client_address: _Address) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: _Connection, client_address: _Address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: _Connection, client_address: _Address) -> None:
        """Overlook clients that hang up; the base class prints a traceback."""

    def hang_up(self) -> None:
        """End all connections and wait for their threads."""
        with self._changed:
            for connection in self._open:
                if isinstance(connection, socket.socket):
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, CLOSING)
