"""The body of a request: read once, in pieces, never past its end."""

import hashlib
import re
from collections.abc import Iterator
from email.message import Message
from http import HTTPStatus
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

from release.demo.hub.wire import HubError, bad_request


class Digest(NamedTuple):
    """Size in bytes and hex digests of something that was saved."""

    size: int
    sha256: str
    md5: str


PIECE = 2**20
"""Bytes read at a time."""

LINE = 1024
"""Longest line of a chunked body's framing, in bytes."""


class Body:
    """A request body of known length, or in chunks (RFC 9112 section 7.1)."""

    def __init__(self, stream: BufferedIOBase, headers: Message) -> None:
        """Raise HubError 400 if the headers do not say where the body ends."""
        self._stream = stream
        chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        declared = headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,15}", declared):
            raise bad_request("Content-Length is not a number")
        self._pieces = self._chunks() if chunked else self._bytes(int(declared))

    def pieces(self) -> Iterator[bytes]:
        """Yield what has not been read yet. Raises ConnectionError if the client goes away."""
        return self._pieces

    def read_all(self, limit: int) -> bytes:
        """Return the rest of the body. Raises HubError 413 beyond `limit` bytes."""
        held = bytearray()
        for piece in self._pieces:
            held += piece
            if len(held) > limit:
                raise HubError(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit} bytes"
                )
        return bytes(held)

    def save(self, path: Path) -> Digest:
        """Stream the body to the new file `path`."""
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        size = 0
        with path.open("xb") as file:
            for piece in self._pieces:
                file.write(piece)
                sha256.update(piece)
                md5.update(piece)
                size += len(piece)
        return Digest(size, sha256.hexdigest(), md5.hexdigest())

    def discard(self) -> None:
        """Read and drop the rest, so that the next request on the connection starts clean."""
        for _ in self._pieces:
            pass

    def _bytes(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._stream.read(min(left, PIECE))
            if not piece:
                raise ConnectionError("the client closed the connection inside a body")
            left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._bytes(size)
            self._stream.readline(LINE)
        while self._stream.readline(LINE).strip():
            pass

    def _chunk_size(self) -> int:
        line = self._stream.readline(LINE)
        try:
            size = int(line.split(b";")[0].strip(), 16)
        except ValueError:
            raise ConnectionError("broken chunk framing") from None
        if size < 0:
            raise ConnectionError("negative chunk size")
        return size
