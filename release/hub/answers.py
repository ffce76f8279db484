"""Limits of answers that the client itself reads to their end, however long that takes."""

import re
import time
from collections import Counter
from http import HTTPStatus

from huggingface_hub.utils import httpx

from release.hub.pulse import PULSE
from release.hub.refusals import UnusableError, asked_of
from release.units import MIB

MOST_PAGES, MOST_TIMES = 2000, 64
"""Answers to one path, as a list has pages; and to one address, as a list that leads to itself."""
LARGEST = 64 * MIB
"""Bytes of one answer that is no file, decompressed."""
READABLE = "gzip, deflate"
"""The encodings to ask for: a few bytes of others may become any number of them at once."""
_LISTS = re.compile(r"^/api/models/.+/(?:tree|commits)/")
_ADDRESS = re.compile(r"<([^<>]*)>")
_REWRITTEN = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
FILE = "release.file"
"""The extension of a request whose answer is a file: it is read as it comes, by who asked."""


class Limits:
    """To be told of every answer of a client: files are left alone, all else has an end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: Counter[str] = Counter()

    def __call__(self, response: httpx.Response) -> None:
        """Count it, read it within its limits. Raises `UnusableError` for what has no end."""
        if response.status_code < HTTPStatus.BAD_REQUEST:
            PULSE.beat()
        else:
            PULSE.give_leave(asked_of(response))
        _spell_links_out(response)
        _require_followed(response)
        _require_readable(response)
        if FILE in response.request.extensions and response.is_success:
            return
        address, path = str(response.request.url), response.request.url.path
        self._asked.update({address, path} if response.request.method == "GET" else ())
        if self._asked[address] > MOST_TIMES or self._asked[path] > MOST_PAGES:
            raise UnusableError(f"the Hub's list has no end: {path}")
        self._read(response)

    def _read(self, response: httpx.Response) -> None:
        """Read all of it. The client's own limit is for each read, and there is none of size."""
        end = time.monotonic() + self._seconds
        pieces, size = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                what = f"an answer of the Hub has more than {LARGEST // MIB} MiB"
                raise UnusableError(f"{what}: {response.request.url.path}")
            if time.monotonic() > end:
                what = f"the answer was not complete after {self._seconds:g} s"
                raise httpx.ReadTimeout(what, request=response.request)
        content = b"".join(pieces)
        if not response.is_success:
            # The client takes a page of an error that is no UTF-8 for an answer it cannot read.
            content = content.decode("utf-8", "replace").encode()
        listed = response.is_success and _LISTS.search(response.request.url.path)
        if listed and content.strip() == b"{}":  # the client would take it for an empty list
            raise UnusableError("the Hub's answer has another form: it is no list")
        response._content = content  # noqa: SLF001 - what its own read() leaves


def _spell_links_out(response: httpx.Response) -> None:
    """Make the addresses of next pages whole (RFC 8288): the client takes them as they are."""
    if "link" in response.headers:
        said = response.headers["link"]
        whole = _ADDRESS.sub(lambda found: f"<{response.request.url.join(found[1])}>", said)
        response.headers["link"] = whole


def _require_followed(response: httpx.Response) -> None:
    """Raise `UnusableError` where the client would follow a redirect with another request."""
    asks = response.request.method in {"GET", "HEAD"}
    if not asks and response.status_code in _REWRITTEN and response.has_redirect_location:
        there = response.request.url.join(response.headers["location"])
        what = f"the Hub sends what is written elsewhere, to {there.scheme}://{there.host}"
        raise UnusableError(what, "is HF_ENDPOINT its address, https and all?")


def _require_readable(response: httpx.Response) -> None:
    """Raise `DecodingError` for what was compressed otherwise than asked for, or more than once."""
    said = response.headers.get("content-encoding", "").lower().split(",")
    given = [word.strip() for word in said if word.strip() not in {"", "identity"}]
    if len(given) > 1 or set(given) - set(READABLE.split(", ")):
        what = "the answer is compressed as nobody asked for"
        raise httpx.DecodingError(what, request=response.request)
