"""huggingface_hub's own HTTP client with limits, and calls that are tried again."""

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from huggingface_hub import set_client_factory
from huggingface_hub.utils import httpx
from huggingface_hub.utils._http import default_client_factory

from release.hub.refusals import asked_wait, is_passing

Result = TypeVar("Result")


class Patience(msgspec.Struct, frozen=True):
    """Seconds: for a connection, for an answer (the Hub gives a commit 60), between attempts."""

    connect: float = 15.0
    answer: float = 120.0
    waits: tuple[float, ...] = (0.25, 1.0, 2.0, 4.0)

    def again(self, call: Callable[[], Result]) -> Result:
        """Make a call that may be repeated, until it goes well or there is no hope."""
        for wait in self.waits:
            try:
                return call()
            except Exception as error:
                if not is_passing(error):
                    raise
                time.sleep(max(wait, asked_wait(error)))
        return call()


def limit_client(patience: Patience) -> None:
    """Give the client, which waits for ever by itself, limits."""

    def make() -> httpx.Client:
        client = default_client_factory()
        client.timeout = httpx.Timeout(patience.answer, connect=patience.connect)
        return client

    set_client_factory(make)
