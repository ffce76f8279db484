"""Faults on order: the answers a client must survive, at the place a test chooses."""

import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

When = Literal["before", "after"]


@dataclass(slots=True)
class Fault:
    """One ordered fault; `hits` counts how often it was answered."""

    method: str
    path: re.Pattern[str]
    times: int | None
    when: When
    status: HTTPStatus | None
    drop: bool
    delay: float
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    truncate: bool = False
    stale: bool = False
    skip: int = 0
    hits: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has been answered as often as was asked for."""
        return self.times is not None and self.hits >= self.times

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is meant."""
        return not self.spent and self.method in {"*", method} and bool(self.path.search(path))

    def is_due(self) -> bool:
        """Count a request that is meant; whether it is one of those to be answered so."""
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one server; the oldest matching one is taken first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(  # noqa: PLR0913 - a fault is described by all of these, and they are keywords
        self,
        *,
        method: str = "*",
        path: str,
        times: int | None = 1,
        skip: int = 0,
        when: When = "before",
        status: int | None = None,
        drop: bool = False,
        delay: float = 0.0,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        truncate: bool = False,
        stale: bool = False,
    ) -> Fault:
        """Order a fault for requests whose path (without query) matches the regex `path`.

        `before`: the request has no effect. `after`: it is carried out, only then answered with
        the fault. `status` is the answer's HTTP status, `content` its body in place of the usual
        one, `drop` closes the connection without an answer, `truncate` in the middle of it,
        `stale` answers a question as it was answered last, 404 where it never was, `delay` waits
        that many seconds first; a fault with nothing but a delay answers as usual afterwards.
        The first `skip` requests are left alone; `times=None` repeats for ever. Raises ValueError
        for a fault that does nothing or two things at once.
        """
        kinds = [drop, truncate, stale, status is not None or content is not None]
        if sum(kinds) > 1:
            raise ValueError("a fault either drops, truncates, is stale, or answers otherwise")
        if not any(kinds) and not delay:
            raise ValueError("a fault needs status, content, drop, truncate, stale or delay")
        fault = Fault(
            method=method.upper(),
            path=re.compile(path),
            times=times,
            when=when,
            status=None if status is None else HTTPStatus(status),
            drop=drop,
            delay=delay,
            headers=dict(headers or {}),
            content=content,
            truncate=truncate,
            stale=stale,
            skip=skip,
        )
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Count and return the fault for a request, if one is due."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path) and fault.is_due():
                    return fault
        return None

    def clear(self) -> None:
        """Withdraw all faults."""
        with self._lock:
            self._faults.clear()
