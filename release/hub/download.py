"""Bytes of the files of one commit, by ranges or from end to end, whatever breaks on the way."""

import re
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status
from huggingface_hub.utils import httpx
from huggingface_hub.utils._headers import build_hf_headers

from release.errors import ReleaseError
from release.hub.answers import FILE
from release.hub.client import Patience
from release.hub.refusals import asked_wait, is_passing, one_line, status_of
from release.text import printable
from release.units import MIB

PIECE = 512 << 10
SKIPPED = 16 * MIB
"""Bytes that are thrown away where a host sends a whole file for a range; more is refused."""
PROGRESS = MIB
"""Bytes after which a broken connection counts as a first one again."""
SLOWEST = 1 << 10
"""Bytes a second; a host that sends less keeps a connection open and is no use."""
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_EXPIRED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def steady(received: Iterable[bytes], seconds: float) -> Iterator[bytes]:
    """Give what comes in larger pieces. Raises httpx's `ReadTimeout` where it only trickles.

    The client's own limit is for each read: a byte in `seconds` would satisfy it for weeks.
    """
    held: list[bytes] = []
    size, begin, came = 0, time.monotonic(), 0
    for piece in received:
        held.append(piece)
        size += len(piece)
        came += len(piece)
        took = time.monotonic() - begin
        trickles = took > seconds and came < SLOWEST * took
        if size >= PIECE or trickles:
            yield b"".join(held)
            held, size = [], 0
        if trickles:
            raise httpx.ReadTimeout(f"{came:,} bytes came in {took:.0f} s")
        if took > seconds:
            begin, came = time.monotonic(), 0
    yield b"".join(held)


class Download:
    """Reads files of `repository` at `commit`. For use by many threads.

    The token goes to the Hub's own host only; the address that a host elsewhere was given is used
    again until it has expired. `received` counts bytes of files, `requests` those for them.
    """

    def __init__(self, repository: str, commit: str, patience: Patience) -> None:
        self._repository, self._commit, self._patience = repository, commit, patience
        self._addresses: dict[str, str] = {}
        self._lock = threading.Lock()
        self.received = self.requests = 0

    def read(self, path: str, start: int, end: int, size: int) -> bytes:
        """Read the bytes from `start` to `end` of a file of `size` bytes. Raises `ReleaseError`."""
        return b"".join(self.pieces(path, start, end, size))

    def pieces(self, path: str, start: int, end: int, size: int) -> Generator[bytes, None, None]:
        """Give the same bytes piece by piece; a connection that breaks goes on where it broke."""
        position, waits = start, iter(self._patience.waits)
        where = self._where(path)
        while position < end:
            begin = position
            with one_line(where):
                try:
                    for piece in self._attempt(path, position, end, size):
                        position += len(piece)
                        yield piece
                except Exception as error:
                    if position - begin >= PROGRESS:
                        waits = iter(self._patience.waits)
                    wait = next(waits, None)
                    stale = self._forget(path) and status_of(error) in _EXPIRED
                    if wait is None or not (stale or is_passing(error)):
                        raise
                    time.sleep(max(wait, asked_wait(error)))

    def _attempt(self, path: str, start: int, end: int, size: int) -> Iterator[bytes]:
        """Ask once; give what comes, which may end too early."""
        headers = {"Accept-Encoding": "identity"}
        if start or end < size:
            headers["Range"] = f"bytes={start}-{end - 1}"
        address = self._addresses.get(path)
        if address is None:
            address = hf_hub_url(self._repository, path, revision=self._commit)
            headers |= build_hf_headers()
        kind = {FILE: True}
        with get_session().stream("GET", address, headers=headers, extensions=kind) as response:
            self._count(requests=len(response.history) + 1)
            hf_raise_for_status(response)
            self._remember(path, response)
            position = self._first(response, path, start, size)
            for piece in steady(response.iter_bytes(), self._patience.answer):
                self._count(received=len(piece))
                wanted = piece[max(0, start - position) : end - position]
                position += len(piece)
                if wanted:
                    yield wanted
                if position >= end:
                    return
        if position <= start:
            raise httpx.RemoteProtocolError("the answer held none of the bytes asked for")

    def _first(self, response: Any, path: str, start: int, size: int) -> int:
        """The position of an answer's first byte. Raises `ReleaseError` for one of no use."""
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            if start > SKIPPED:
                what = "its host sends whole files where a part is asked for"
                raise ReleaseError(what, where=self._where(path))
            length = response.headers.get("content-length", "")
            total, first = length if "content-encoding" not in response.headers else "", 0
        else:
            said = _RANGE.fullmatch(response.headers.get("content-range", ""))
            if said is None or int(said[1]) != start:
                what = "its host answers a range with another one"
                raise ReleaseError(what, where=self._where(path))
            first, total = start, said[3]
        if total.isdecimal() and int(total) != size:
            what = f"is {int(total):,} bytes at its address, {size:,} in the Hub's listing"
            raise ReleaseError(what, where=self._where(path))
        return first

    def _where(self, path: str) -> str:
        return f"{self._repository}: {printable(path)}"

    def _remember(self, path: str, response: Any) -> None:
        """Keep where the file really is, if that is another host's: it wants no token."""
        if response.history and response.url.netloc != response.history[0].url.netloc:
            self._addresses[path] = str(response.url)

    def _forget(self, path: str) -> bool:
        return self._addresses.pop(path, None) is not None

    def _count(self, requests: int = 0, received: int = 0) -> None:
        with self._lock:
            self.requests += requests
            self.received += received
