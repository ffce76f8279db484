"""Why vLLM did not start: the line of the root cause, not of what wrapped it, and its kind."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from release.smoke.kinds import KINDS, OTHER
from release.smoke.transcript import LONGEST, Line, read_lines, without_folders

DETAILS = 12  # lines of one message


class Cause(msgspec.Struct, frozen=True):
    """A failure's kind, the line that says so, and what a person can do about it."""

    kind: str
    line: str
    fix: str


# What others say when a process of theirs has failed: it may hold the cause's words, late.
WRAPPERS = re.compile(
    r"Engine core initialization failed|See root cause above|[Ss]ee stack trace"
    r"|check the stack trace above|Engine core proc .* died|WorkerProc initialization failed"
    r"|EngineDeadError|died unexpectedly|ProcessRaisedException|CancelledError|BrokenPipeError"
    r"|ConnectionResetError|^EOFError|ChildFailedError|CalledProcessError|Failed core proc"
)
_RAISED = re.compile(
    r"(?P<line>(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)\b(?:: .*|:)?"
    r"|(?:\w+\.)+[A-Z]\w*: .*"
    r"|[\w./ -]+: error: .*"
    r"|terminate called after throwing .*|Fatal Python error: .*|.*Segfault encountered.*"
    r"|ptxas fatal .*|nvcc fatal .*)"
)
_AROUND = re.compile(
    r"Traceback \(most recent|During handling of|The above exception|File \"|[\^~]+$|Process \w+"
    r"|Exception ignored|\[rank\d+\]:\s*Traceback"
)
_FALLBACK_FIX = "read the log: the engine's own words are all there is"


def find_cause(log: str, errors: Sequence[str] = ()) -> Cause:
    """Name the root cause from the exceptions the child saw (`errors`) and the log.

    A kind that is known beats the order; without one, the first exception that no wrapper made.
    """
    # In a chain of exceptions Python prints the first cause first; the child saw the last.
    errors = [without_folders(text) for text in errors]
    told = (*raised(log), *errors)
    wrapped = [text for text in told if WRAPPERS.search(text)]
    roots = [text for text in told if text not in wrapped]
    for texts in (roots, wrapped):
        for kind in KINDS:
            for text in texts:
                if match := kind.pattern.search(text):
                    return Cause(kind.name, _window(text, match.start()), kind.fix)
    own = [text for text in errors if text not in wrapped]
    for text in (*own, *roots, *wrapped):
        return Cause(OTHER, _window(text, 0), _FALLBACK_FIX)
    return Cause(OTHER, "it ended without a word", _FALLBACK_FIX)


def raised(log: str) -> list[str]:
    """Give the exceptions that the log shows, outermost last, without duplicates.

    A message of several lines is one text, its first line first.
    """
    lines = read_lines(log)
    found: dict[str, str] = {}
    for place, line in enumerate(lines):
        if match := _RAISED.fullmatch(line.text):
            details = _details(line, lines[place + 1 : place + 1 + 4 * DETAILS])
            found.setdefault(match["line"], "\n".join([match["line"], *details]))
    return list(found.values())


def _details(first: Line, following: Sequence[Line]) -> Iterator[str]:
    """Give the lines that go on with a message: of the same process, up to what is not of it."""
    count = 0
    for line in following:
        if line.process != first.process:
            continue
        ended = _AROUND.match(line.text) or _RAISED.fullmatch(line.text)
        if ended or line.level != first.level or count == DETAILS:
            return
        count += 1
        yield line.text


def _window(line: str, start: int) -> str:
    """Cut a long line so that what matched is in it."""
    text = " ".join(line.split())
    if len(text) <= LONGEST:
        return text
    begin = max(0, min(start - 80, len(text) - LONGEST))
    return text[begin : begin + LONGEST]
