"""huggingface_hub's own HTTP client with limits, and calls that are tried again."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event
from typing import Any, TypeVar

import msgspec
from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils import httpx
from huggingface_hub.utils._http import default_client_factory

from release.errors import ReleaseError
from release.hub.answers import READABLE, Limits
from release.hub.pulse import PULSE, watched, within
from release.hub.refusals import KEPT, asked_wait, is_passing
from release.hub.trusted import identity_url, renew_token
from release.text import without_tokens

Result = TypeVar("Result")
LONG = 5.0  # seconds
ENOUGH = 30.0
"""Seconds of trying after which a call is not made again: the client itself tries inside of it."""
SLOWEST = 16 << 10
"""Bytes a second: what a request may hold up its answer by, for what it sends."""
_QUERY = re.compile(r"\?\S*")
Passing = Callable[[BaseException], bool]


class Patience(msgspec.Struct, frozen=True):
    """Seconds: for a connection, for an answer (the Hub gives a commit 60), between attempts.

    `still` is for all attempts of a call together, as long as nothing moves at all.
    """

    connect: float = 15.0
    answer: float = 120.0
    waits: tuple[float, ...] = (0.25, 1.0, 2.0, 4.0)
    still: float = 300.0

    def looks(self) -> Iterator[None]:
        """Every time to look at what may lag behind: at once, then after each wait."""
        for wait in (0.0, *self.waits):
            time.sleep(wait)
            yield

    def again(self, call: Callable[[], Result], passing: Passing = is_passing) -> Result:
        """Make a call that may be repeated, until it goes well or there is no hope."""
        return watched(lambda left: self._attempts(call, passing, left), self.still)

    def _attempts(self, call: Callable[[], Result], passing: Passing, left: Event) -> Result:
        waits, tried = iter(self.waits), False
        while True:
            before = PULSE.advanced
            try:
                return call()
            except Exception as error:
                if left.is_set() or not (passing(error) or renew_token(error)):
                    raise
                if PULSE.advanced > before:
                    waits, tried = iter(self.waits), False
                wait = next(waits, None)
                if wait is None or (tried and time.monotonic() - PULSE.advanced > ENOUGH):
                    raise
                tried = True
                pause(max(wait, asked_wait(error)))


def pause(seconds: float) -> None:
    """Wait, and say so where a person would wonder."""
    if seconds >= LONG:
        logging.getLogger(__name__).warning("waiting %.0f s, as the Hub asked", seconds)
    PULSE.give_leave(seconds)
    time.sleep(seconds)


def limit_client(patience: Patience, endpoint: str | None = None) -> None:
    """Give the client limits: by itself it waits for ever, and shows its token to any host.

    `endpoint` is the Hub's address, else HF_ENDPOINT's.
    """
    keep_token = _KeepToken(address_of(endpoint or constants.ENDPOINT))

    def make() -> httpx.Client:
        client = default_client_factory()
        client.timeout = httpx.Timeout(patience.answer, connect=patience.connect)
        client.headers["accept-encoding"] = READABLE
        client.send = _InTime(client.send, patience)  # type: ignore[method-assign]
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks["request"], keep_token],
            "response": [*hooks["response"], Limits(patience.answer)],
        }
        return client

    set_client_factory(make)
    for handler in logging.getLogger("huggingface_hub").handlers:
        handler.addFilter(_without_secrets)


def address_of(endpoint: str) -> httpx.URL:
    """Read the address of a Hub. Raises `ReleaseError` for what is none."""
    with suppress(httpx.InvalidURL, ValueError):
        address = httpx.URL(endpoint)
        if address.scheme in {"http", "https"} and address.host:
            return address
    hint = "write it with its http:// or https://"
    raise ReleaseError("is no address of a Hub", where=f"HF_ENDPOINT {endpoint!r:.80}", hint=hint)


class _InTime:
    """Send a request, and have its answer within a time for the whole of it.

    The client's limits are for each read: headers that drip would satisfy them for hours.
    """

    def __init__(self, send: Callable[..., httpx.Response], patience: Patience) -> None:
        self._send, self._seconds = send, patience.connect + 2 * patience.answer

    def __call__(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if request.method == "PUT":  # a file: who sends it sees whether it moves
            return self._send(request, **options)
        length = request.headers.get("content-length", "0")
        seconds = self._seconds + int(length) / SLOWEST
        try:
            return within(seconds, lambda: self._send(request, **options))
        except TimeoutError:
            what = f"there was no whole answer after {seconds:.0f} s"
            raise httpx.ReadTimeout(what, request=request) from None


class _KeepToken:
    """To be told of every request of a client: no token goes to a host that an answer names.

    The client follows pages of a list, and confirms uploads, wherever an answer says, with it.
    """

    def __init__(self, endpoint: httpx.URL) -> None:
        # What GitHub's own host gets for trusted publishing is a token of GitHub's.
        self._known = [url for url in (endpoint, identity_url()) if url]

    def __call__(self, request: httpx.Request) -> None:
        url = request.url
        same = any(url.netloc == known.netloc for known in self._known)
        safer = url.scheme == "https" and any(url.host == known.host for known in self._known)
        if not (same or safer) and "authorization" in request.headers:
            del request.headers["authorization"]
            request.extensions[KEPT] = True


def _without_secrets(record: logging.LogRecord) -> bool:
    """Take tokens and the signed part of addresses out of what the client logs."""
    record.msg, record.args = without_tokens(_QUERY.sub("", record.getMessage())), None
    return True
