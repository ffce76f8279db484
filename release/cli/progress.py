"""How far reading is: bytes, rate and time left, on a terminal's stderr, gone when it is done."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHORT = 500_000_000
"""Bytes; fewer are read before a bar could be drawn."""
INTERVAL = 0.1


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the bytes of each piece, from any thread."""
    if total < SHORT or not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where a bar is drawn
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield _Counter(lambda done: bar.update(task, completed=done)).add


class _Counter:
    """Adds up from many threads, and draws ten times a second: drawing costs more than a piece."""

    def __init__(self, draw: Callable[[int], None]) -> None:
        self._draw = draw
        self._lock = threading.Lock()
        self._done = 0
        self._drawn = 0.0

    def add(self, count: int) -> None:
        """Count bytes."""
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now - self._drawn >= INTERVAL:
                self._drawn = now
                self._draw(self._done)
