"""Scan many files on all cores. Threads: hashing, reading and numpy's reductions run beside."""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import msgspec

from release.checkpoint.source import Place
from release.errors import CheckpointError
from release.scan import scan_file
from release.scan.layout import Segment
from release.scan.values import FileScan

Advance = Callable[[int], object]


class Task(msgspec.Struct, frozen=True):
    """A file to scan: where it is, what the report calls it, its size in bytes, its tensors."""

    place: Place
    name: str
    size: int
    segments: tuple[Segment, ...] = ()


class Stopped(Exception):  # noqa: N818 - it stops a worker, it is no error
    """Somebody else failed, or the user has had enough."""


def scan_task(task: Task, advance: Advance = lambda _count: None) -> FileScan:
    """Scan one file, by any worker. Raises `CheckpointError`, also if it has another length."""
    result = scan_file(task.place, task.name, task.segments, advance)
    if result.size != task.size:
        what = f"changed while it was read: {task.size:,} bytes before, {result.size:,} now"
        hint = "verify again when nothing writes to the folder"
        raise CheckpointError(task.name, what, hint)
    return result


def scan_files(
    tasks: Iterable[Task], advance: Advance = lambda _count: None, jobs: int | None = None
) -> dict[str, FileScan]:
    """Scan files with `jobs` threads, one for each core if not given; result by name.

    `advance` is told of every piece's bytes, from any thread. Raises the first `CheckpointError`,
    also for a file that is not as long as it was. On any error, Ctrl-C included, every thread has
    ended before it is raised.
    """
    jobs = jobs or _cores()
    ordered = sorted(tasks, key=lambda task: -task.size)
    stop = threading.Event()

    def watched(count: int) -> None:
        if stop.is_set():
            raise Stopped
        advance(count)

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(scan_task, task, watched) for task in ordered]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return {result.path: result for result in _results(futures)}


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _results(futures: list[Future[FileScan]]) -> list[FileScan]:
    """All results; of several errors, the one of the first file."""
    failed = [
        error for future in futures if not future.cancelled() and (error := future.exception())
    ]
    for error in failed:
        if not isinstance(error, Stopped):
            raise error
    return [future.result() for future in futures]
