"""A command of ours as a child: it gets the signals that the runner sends to the step."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from release.actions.commands import error, harmless, hushed

INTERRUPTED = 130
CREDENTIALS = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
"""With these a process can ask for the job's identity: only what publishes gets them."""


def release(args: Sequence[str], *, quiet: bool = False, **environment: str) -> int:
    """Run `release ARGS`; give its exit code. Its last word on stderr becomes an annotation.

    A runner ends a step by SIGINT, then SIGTERM after 7.5 s, to its first process only: both are
    handed on. `quiet`: nothing that it prints can be a workflow command.
    """
    env = {key: value for key, value in os.environ.items() if key not in CREDENTIALS} | environment
    with (
        hushed(wanted=quiet),
        subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "release", *args],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as child,
        _handed_on(child),
    ):
        assert child.stderr is not None  # noqa: S101 - asked for above
        last = ""
        for line in child.stderr:
            sys.stderr.write(harmless(line))
            sys.stderr.flush()
            last = line.strip() or last
        code = child.wait()
    kind, _, text = last.partition(": ")
    if kind in {"error", "Error"}:
        error(f"release {args[0]}: {text}")
    return INTERRUPTED if code < 0 else code


def answer(args: Sequence[str]) -> str:
    """Run `release ARGS` for what it prints; empty if it fails."""
    env = {key: value for key, value in os.environ.items() if key not in CREDENTIALS}
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-P", "-m", "release", *args],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


@contextmanager
def _handed_on(child: "subprocess.Popen[str]") -> Iterator[None]:
    def hand_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def file(name: str) -> Path:
    """A file of the job's in the folder of the report."""
    folder = Path(".release")
    folder.mkdir(exist_ok=True)
    return folder / name
