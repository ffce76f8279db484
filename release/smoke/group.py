"""A process group that never outlives us: ended on time, on Ctrl-C, and when we are killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from release.errors import ReleaseError

GUARD = Path(__file__).with_name("inside") / "guard.py"
GRACE = 15.0
LAST_GRACE = 5.0
TICK = 0.05


class Group:
    """A command in a session of its own, its output in a file, with a guard beside it.

    The guard is a second process that waits for our end of a pipe to close: if we die, however
    we die, it kills the group. As a context manager, leaving ends the group.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str],
        stdin: bytes = b"",
        grace: float = GRACE,
    ) -> None:
        """Start it; `grace` is the time in seconds between asking it to end and killing it.

        Raises `ReleaseError` when there is no such program.
        """
        self._grace = grace
        self._log: IO[bytes] = log.open("wb")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own Python, our own file
                command,
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise ReleaseError(
                f"cannot be started: {error.strerror}",
                where=str(command[0]),
                hint="--python names a Python that has vllm",
            ) from None
        self._guard = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", GUARD, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._feed(stdin)

    def __enter__(self) -> Self:
        """Give the running group."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End whatever of it still runs."""
        self.end()

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait for the command to exit, or for `until`; False when the time was not enough."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and not until():
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK)
        return True

    @property
    def number(self) -> int:
        """The group's id, which is its leader's process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The command's exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        """Ask the whole group to end, then kill it, then see that nothing of it is left."""
        for number, patience in ((signal.SIGTERM, self._grace), (signal.SIGKILL, LAST_GRACE)):
            if not self._alive():
                break
            self._signal(number)
            deadline = time.monotonic() + patience
            while self._alive() and time.monotonic() < deadline:
                time.sleep(TICK)
        self._process.wait()
        self._log.close()
        self._dismiss_guard()

    def _alive(self) -> bool:
        self._process.poll()
        return bool(members(self._process.pid))

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _feed(self, stdin: bytes) -> None:
        pipe = self._process.stdin
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError), pipe:
                pipe.write(stdin)

    def _dismiss_guard(self) -> None:
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError), pipe:
                pipe.write(b"done\n")
        self._guard.wait()


def members(group: int) -> list[int]:
    """List the living processes of a group; where there is no /proc, the group itself or none."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        return [group]
    entries = (entry for entry in proc.iterdir() if entry.name.isdecimal())
    return [int(entry.name) for entry in entries if _is_member(entry / "stat", group)]


def _is_member(stat: Path, group: int) -> bool:
    try:
        # The second field is the program's name in brackets and may hold anything.
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    state, number = fields[0], fields[2]
    return number == str(group) and state not in {"Z", "X"}
