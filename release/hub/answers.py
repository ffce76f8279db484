"""Limits of answers that the client itself reads to their end, however long that takes."""

import time
from collections import Counter
from collections.abc import Iterator

from huggingface_hub.utils import httpx

from release.errors import ReleaseError

MOST_PAGES, MOST_TIMES = 2000, 64
"""Answers to one path, as a list has pages; and to one address, as a list that leads to itself."""


class Limits:
    """To be told of every answer of a client: files are left alone, JSON has an end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: Counter[str] = Counter()

    def __call__(self, response: httpx.Response) -> None:
        """Count it and limit its time. Raises `ReleaseError` for a list without end."""
        if not response.headers.get("content-type", "").startswith("application/json"):
            return
        address, path = str(response.request.url), response.request.url.path
        self._asked.update({address, path} if response.request.method == "GET" else ())
        if self._asked[address] > MOST_TIMES or self._asked[path] > MOST_PAGES:
            raise ReleaseError("the Hub's list has no end", where=path)
        response.stream = _Hurried(response, self._seconds)


class _Hurried(httpx.SyncByteStream):
    """An answer as it comes, and an error where it has not come in time.

    The client's own limit is for each read: a byte a second would satisfy it for hours.
    """

    def __init__(self, response: httpx.Response, seconds: float) -> None:
        self._inner, self._request, self._seconds = response.stream, response.request, seconds

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + self._seconds
        for chunk in self._inner:  # type: ignore[union-attr]
            yield chunk
            if time.monotonic() > end:
                what = f"the answer was not complete after {self._seconds:g} s"
                raise httpx.ReadTimeout(what, request=self._request)

    def close(self) -> None:
        self._inner.close()  # type: ignore[union-attr]
