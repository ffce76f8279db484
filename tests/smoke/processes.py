"""Processes by a mark in their environment, `MARK`: what is alive of a command and its own."""

import time
from collections.abc import Callable
from pathlib import Path


def marked(mark: Path) -> list[str]:
    """Give the living processes that were born with our mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            born = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if f"MARK={mark}".encode() in born.split(b"\0") and state != "Z":
            found.append(entry.name)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
