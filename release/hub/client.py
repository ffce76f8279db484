"""huggingface_hub's own HTTP client with limits, and calls that are tried again."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TypeVar

import msgspec
from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils import _auth, httpx
from huggingface_hub.utils._http import default_client_factory

from release.hub.answers import Limits
from release.hub.refusals import asked_wait, is_passing, status_of
from release.text import without_tokens

Result = TypeVar("Result")
LONG = 5.0  # seconds
_QUERY = re.compile(r"\?\S*")
Passing = Callable[[BaseException], bool]


class Patience(msgspec.Struct, frozen=True):
    """Seconds: for a connection, for an answer (the Hub gives a commit 60), between attempts."""

    connect: float = 15.0
    answer: float = 120.0
    waits: tuple[float, ...] = (0.25, 1.0, 2.0, 4.0)

    def looks(self) -> Iterator[None]:
        """Every time to look at what may lag behind: at once, then after each wait."""
        for wait in (0.0, *self.waits):
            time.sleep(wait)
            yield

    def again(self, call: Callable[[], Result], passing: Passing = is_passing) -> Result:
        """Make a call that may be repeated, until it goes well or there is no hope."""
        for wait in self.waits:
            try:
                return call()
            except Exception as error:
                if not passing(error) and not renew_token(error):
                    raise
                pause(max(wait, asked_wait(error)))
        return call()


def pause(seconds: float) -> None:
    """Wait, and say so where a person would wonder."""
    if seconds >= LONG:
        logging.getLogger(__name__).warning("waiting %.0f s, as the Hub asked", seconds)
    time.sleep(seconds)


def limit_client(patience: Patience, endpoint: str | None = None) -> None:
    """Give the client limits: by itself it waits for ever, and shows its token to any host.

    `endpoint` is the Hub's address, else HF_ENDPOINT's.
    """
    keep_token = _KeepToken(endpoint or constants.ENDPOINT)

    def make() -> httpx.Client:
        client = default_client_factory()
        client.timeout = httpx.Timeout(patience.answer, connect=patience.connect)
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks["request"], keep_token],
            "response": [*hooks["response"], Limits(patience.answer)],
        }
        return client

    set_client_factory(make)
    for handler in logging.getLogger("huggingface_hub").handlers:
        handler.addFilter(_without_secrets)


class _KeepToken:
    """To be told of every request of a client: no token goes to a host that an answer names.

    The client follows pages of a list, and confirms uploads, wherever an answer says, with it.
    """

    def __init__(self, endpoint: str) -> None:
        # What GitHub's own host gets for trusted publishing is a token of GitHub's.
        known = (endpoint, os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""))
        self._known = [httpx.URL(address) for address in known]

    def __call__(self, request: httpx.Request) -> None:
        url = request.url
        same = any(url.netloc == known.netloc for known in self._known)
        safer = url.scheme == "https" and any(url.host == known.host for known in self._known)
        if not (same or safer):
            request.headers.pop("authorization", None)


def renew_token(error: BaseException) -> bool:
    """After a 401, have the next call exchange a new token where trusted publishing gives one.

    The client renews it five minutes early, by a clock that stands still while a machine sleeps.
    """
    if status_of(error) != HTTPStatus.UNAUTHORIZED or not os.environ.get("HF_OIDC_RESOURCE"):
        return False
    _auth._OIDC_TOKEN_CACHE = None  # noqa: SLF001 - there is no public way
    return True


def _without_secrets(record: logging.LogRecord) -> bool:
    """Take tokens and the signed part of addresses out of what the client logs."""
    record.msg, record.args = without_tokens(_QUERY.sub("", record.getMessage())), None
    return True
