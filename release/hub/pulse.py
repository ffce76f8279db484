"""Signs of life of the client, and calls that are left when there are none."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from release.leaving import leave_behind

Result = TypeVar("Result")

WONDER = 60.0
"""Seconds of silence after which a person would wonder."""
LONGEST_LEAVE = 300.0
"""Seconds of waiting, as a Hub asks for it, that count as no silence: its window of requests."""
GLANCE = 0.1
"""Seconds of one wait: a signal that comes just before it begins is heard when it ends."""


class StalledError(Exception):
    """Nothing moved for so many seconds: no byte went out, no answer came."""

    def __init__(self, seconds: float, during: str = "") -> None:
        super().__init__(f"nothing has moved for {seconds:g} s{during}")
        self.seconds = seconds


class Pulse:
    """When something last moved. For use by many threads.

    `advanced` is when more was sent than ever before: what is sent again is no advance.
    """

    def __init__(self) -> None:
        self._until = self.advanced = time.monotonic()
        self._reached: dict[str, int] = {}
        self._given = 0.0

    def start(self) -> None:
        """Begin anew: with another call."""
        self.beat()
        self.advanced = time.monotonic()

    def beat(self) -> None:
        """Something moved."""
        self._until, self._given = time.monotonic(), 0.0

    def give_leave(self, seconds: float) -> None:
        """The Hub asked to wait: that is no silence, for as long as such waits may take."""
        seconds = min(seconds, LONGEST_LEAVE - self._given)
        self._given += seconds
        self._until = max(self._until, time.monotonic()) + seconds

    def reach(self, what: str, amount: int) -> None:
        """So many bytes of something went out."""
        if amount > self._reached.get(what, 0):
            self._reached[what] = amount
            self.beat()
            self.advanced = time.monotonic()

    def silence(self) -> float:
        """Seconds since something moved, or since the end of a wait; negative before that."""
        return time.monotonic() - self._until


PULSE = Pulse()
"""The client is one for a process, and so is this."""


def watched(
    call: Callable[[threading.Event], Result], limit: float, wonder: float = WONDER
) -> Result:
    """Make a call in a thread, and raise `StalledError` once nothing has moved for `limit` seconds.

    The call is left then, and when the process is interrupted: the client itself, and the xet
    library under it, wait for as long as a server keeps the connection, and hear of no signal.
    It is given an event, set as soon as nobody waits for it any more. Silence is told of once it
    has lasted for `wonder` seconds.
    """
    PULSE.start()
    left = threading.Event()
    answer = _Answer(lambda: call(left))
    told = False
    try:
        while not answer.given.wait(GLANCE):
            silence = PULSE.silence()
            if silence >= limit:
                raise StalledError(limit)
            if silence >= wonder and not told:
                words = "nothing has moved for %.0f s; it is given up after %.0f s"
                logging.getLogger(__name__).warning(words, silence, limit)
                told = True
    except BaseException:
        left.set()
        answer.leave()
        raise
    result: Result = answer.take()
    return result


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Make a call in a thread. Raises `TimeoutError` unless it is done in time, and leaves it."""
    answer = _Answer(call)
    if not answer.given.wait(seconds):
        raise TimeoutError
    result: Result = answer.take()
    return result


class _Answer:
    """A call under way, in a thread of its own."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.given = threading.Event()
        self._call, self._result = call, None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._make, name="call to the Hub", daemon=True)
        self._thread.start()

    def take(self) -> Any:
        """Give what it gave, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result

    def leave(self) -> None:
        """Have the xet library end its part; leave what does not listen to the process's end."""
        if client := sys.modules.get("huggingface_hub.utils._xet"):
            client.abort_xet_session()
        leave_behind(self._thread)

    def _make(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            self._error = error
        finally:
            self.given.set()
