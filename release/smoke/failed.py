"""Whether a log of vLLM's says that it did not start, and why."""

import re

from release.memory.logs import EngineLog
from release.memory.starts import last_start
from release.smoke.causes import WRAPPERS, Cause, find_cause, raised
from release.smoke.transcript import read_lines

# No start goes on behind these; other errors may be ones that something else went around.
MEMORY_IN_USE = "memory-in-use"
FATAL = frozenset(
    {"kv-too-small", "mamba-blocks", "no-memory-for-cache", MEMORY_IN_USE, "out-of-memory"}
)
# Of a shell, a container, Kubernetes; 137 is SIGKILL.
KILLED = re.compile(r"Killed|.*\bOOMKilled\b.*|.*\bexit(?:ed with)? code:? 137\b.*")
KILLED_FIX = "mostly the machine's or the container's own memory: give it more RAM"
USAGE = re.compile(r"vllm\S*(?: \S+)?: error: ")


def failed_start(text: str, log: EngineLog) -> Cause | None:
    """Why the start that `log` was read from ended early; None if the text does not say so.

    Tracebacks alone do not: what is cut off may have gone on.
    """
    if log.started:
        return None
    start = last_start(text)
    told = raised(start)
    if not told:
        return _killed(start)
    cause = find_cause(start)
    ended = WRAPPERS.search(start) or USAGE.search(start) or _ends_with(start, told[-1])
    return cause if cause.kind in FATAL or ended else None


def _killed(start: str) -> Cause | None:
    """A start that the system ended: vLLM says nothing of that."""
    last = next((line.text for line in reversed(read_lines(start))), "")
    return Cause("killed", last, KILLED_FIX) if KILLED.fullmatch(last) else None


def _ends_with(start: str, error: str) -> bool:
    """Whether nothing comes after the last error."""
    lines = read_lines(start)
    return bool(lines) and lines[-1].text == error.splitlines()[-1]
