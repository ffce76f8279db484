"""A file of vLLM's output as plain text of one engine start."""

import json
import re
from collections.abc import Iterator

# Colours, as they are and as JSON logs of containers write them.
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\n]*\x07)")
WRITTEN_ESCAPES = re.compile(r"\\(?:u001b|x1b|033)\[[0-9;?]*[A-Za-z]")
# Where containers, clouds and journals put a line of their JSON.
RECORDS = ("log", "message", "msg", "textPayload", "MESSAGE")
# What a start prints before its engine is there, and the engine's own first line. Each begins with
# what can be searched for quickly: a log of weeks has millions of lines.
OPENINGS = ("non-default args: ", r"server version \d", r"█ +version +\d")
ENGINE = r"Initializing an? (?:V1 )?LLM engine"
# What a server says when it answers, and then for as long as it does.
READY = ("Application startup complete", "Avg prompt throughput: ")
# A start without any of these died too early to say something about memory.
MEMORY = re.compile(
    r"KV\s+cache|Model loading took|out of memory|OutOfMemoryError|Free memory on device"
)


def last_start(text: str) -> str:
    """Cut out the last start that came as far as its memory; else the last start.

    A file may hold several: a server that was restarted, a person who tried again. What a server
    says once it answers is left out.
    """
    plain = _plain(text)
    begins, running = [0], False
    for at, engine in sorted(_marks(plain)):
        if engine:
            running = True
        elif running:
            begins.append(plain.rfind("\n", 0, at) + 1)
            running = False
    starts = [plain[a:b] for a, b in zip(begins, [*begins[1:], None], strict=True)]
    start = next((start for start in reversed(starts) if MEMORY.search(start)), starts[-1])
    ends = [at + len(words) for words in READY if (at := start.find(words)) >= 0]
    return start[: min(ends, default=None)]


def _marks(plain: str) -> Iterator[tuple[int, bool]]:
    """Where starts begin, and where their engines do."""
    for pattern in (*OPENINGS, ENGINE):
        for match in re.finditer(pattern, plain):
            yield match.start(), pattern == ENGINE


def _plain(text: str) -> str:
    if text.lstrip().startswith("{"):
        text = "\n".join(map(_record, text.splitlines()))
    return WRITTEN_ESCAPES.sub("", ESCAPES.sub("", text))


def _record(line: str) -> str:
    """The line that a record holds; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    said = (value.get(key) for key in RECORDS) if isinstance(value, dict) else ()
    return next((each.rstrip("\n") for each in said if isinstance(each, str)), line)
