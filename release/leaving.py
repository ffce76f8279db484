"""The end of a process: by a signal that says so, or with a thread that is left behind."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING = {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}

_left: list[threading.Thread] = []


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have what ends a process quietly end it as Ctrl-C does: so that it says where we are left.

    A signal that is ignored, as by `nohup`, stays so.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(ENDING[signal.Signals(number)], 128 + number)

    ours = [number for number in ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def leave_behind(thread: threading.Thread) -> None:
    """Take note of a thread that is stuck in a library and that nobody waits for."""
    _left.append(thread)


def leave(code: int) -> NoReturn:
    """End with this code, at once where a thread was left: the interpreter would wait for it."""
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    if any(each in _left or not each.daemon for each in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
