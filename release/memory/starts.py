"""A file of vLLM's output as plain text of one engine start."""

import re

# Colours, as they are and as JSON logs of containers write them.
ESCAPES = re.compile(r"(?:\x1b|\\u001b|\\x1b|\\033)(?:\[[0-9;?]*[A-Za-z]|\][^\x07\n]*\x07)")
# What a start prints before its engine is there, and the engine's own first line.
OPENING = r"non-default args: |server version \d|█ +version +\d"
ENGINE = r"Initializing a V1 LLM engine"
MARKS = re.compile(f"({OPENING})|{ENGINE}")
# A start without any of these died too early to say something about memory.
MEMORY = re.compile(r"KV\s+cache|Model loading took|out of memory|OutOfMemoryError")


def last_start(text: str) -> str:
    """Cut out the last start that came as far as its memory; else the last start.

    A file may hold several: a server that was restarted, a person who tried again.
    """
    plain = ESCAPES.sub("", text)
    begins, running = [0], False
    for mark in MARKS.finditer(plain):
        if mark[1] is None:
            running = True
        elif running:
            begins.append(plain.rfind("\n", 0, mark.start()) + 1)
            running = False
    starts = [plain[a:b] for a, b in zip(begins, [*begins[1:], None], strict=True)]
    return next((start for start in reversed(starts) if MEMORY.search(start)), starts[-1])
