"""One process of a Python that has the packages, for all that it is asked: it imports them once."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from release.offline import offline_environment

SCRIPT = Path(__file__).with_name("inside") / "room.py"

Answers = dict[str, Any]


class Room:
    """Asks one thing at a time. It ends with us, or when an answer takes too long."""

    def __init__(self, python: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the user's own Python, our own file
            [python, SCRIPT],
            env=offline_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._close = weakref.finalize(self, _end, self._process)

    def ask(self, script: str, order: dict[str, Any], seconds: float) -> Answers:
        """Run a script on an order; `unable` among its answers is why it could not go on."""
        late = threading.Timer(seconds, _kill, (self._process,))
        late.start()
        answers: Answers = {}
        try:
            self._send({"script": script, "order": order})
            for line in self._process.stdout or ():
                answers |= _read(line)
                if "ended" in answers:
                    return _judged(answers)
        finally:
            in_time = late.is_alive()
            late.cancel()
        self._close()
        room_of.cache_clear()
        why = "its process ended" if in_time else f"it was stopped after {seconds:.0f} s"
        return {"unable": why} | answers

    def _send(self, request: dict[str, Any]) -> None:
        if self._process.stdin is not None:
            try:
                self._process.stdin.write(msgspec.json.encode(request) + b"\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                return  # there is no answer then, which says it


@cache
def room_of(python: Path) -> Room:
    """The room of a Python, opened when the first asks."""
    return Room(python)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it and the script that it runs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.communicate()


def _read(line: bytes) -> Answers:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}  # the last line of a script that was killed
    return found if isinstance(found, dict) else {}


def _judged(answers: Answers) -> Answers:
    code, words = answers.pop("ended"), answers.pop("words", "")
    if code and "unable" not in answers:
        killed = f"it was killed by signal {-code}: it needs more time or memory"
        answers["unable"] = killed if code < 0 else words or f"it ended with {code}"
    return answers
