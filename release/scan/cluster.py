"""Scan files as Ray tasks: many machines that see the same files at the same paths."""

import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from release.errors import CheckpointError, ReleaseError
from release.scan.pool import Advance, Task, scan_task
from release.scan.values import FileScan

LOCAL = "local"
RETRIES = 3
PATIENCE = 10
"""Seconds to wait for a cluster's first answer."""
Failure = tuple[str, str, str]


def scan_on_cluster(
    tasks: Iterable[Task], advance: Advance, address: str, jobs: int | None = None
) -> dict[str, FileScan]:
    """Scan files on the Ray cluster at `address`, or on one of this machine's own cores: "local".

    The result is that of `scan_files`. A task whose worker dies is tried three times more.
    `advance` is told of whole files. Raises `CheckpointError` as a scan here does, `ReleaseError`
    without Ray or its cluster.
    """
    ordered = sorted(map(_absolute, tasks), key=lambda task: -task.size)
    ray = _connect(address, jobs)
    try:
        remote = ray.remote(max_retries=RETRIES)(_scan)
        pending = {remote.remote(task): task for task in ordered}
        results: dict[str, FileScan] = {}
        while pending:
            done, _ = ray.wait(list(pending), num_returns=1)
            task = pending.pop(done[0])
            result = _get(ray, done[0], task)
            if not isinstance(result, FileScan):
                raise CheckpointError(*result)
            results[task.name] = result
            advance(task.size)
    finally:
        ray.shutdown()
    return {task.name: results[task.name] for task in ordered}


def _scan(task: Task) -> FileScan | Failure:
    """What a worker does. An error comes back as its parts: exceptions do not all travel."""
    try:
        return scan_task(task)
    except CheckpointError as error:
        return error.file, error.what, error.hint


def _absolute(task: Task) -> Task:
    if not isinstance(task.place, Path):
        raise ReleaseError("a Ray cluster reads files that its machines share, none on the Hub")
    return msgspec.structs.replace(task, place=task.place.absolute())


def _connect(address: str, jobs: int | None) -> Any:
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        hint = "pip install 'release-checkpoint[ray]'"
        raise ReleaseError("--ray needs Ray", hint=hint) from None
    options = (
        {"num_cpus": jobs, "include_dashboard": False} if address == LOCAL else {"address": address}
    )
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    start: Callable[..., Any] = ray.init
    try:
        _reach(address)
        start(**options, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        hint = "name a running cluster, or `local`"
        what = f"cannot be reached: {str(error).partition(chr(10))[0]:.200}"
        raise ReleaseError(what, where=address, hint=hint) from None
    return ray


def _reach(address: str) -> None:
    """Raise `OSError` where nobody listens: Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()


def _get(ray: Any, reference: Any, task: Task) -> FileScan | Failure:
    try:
        result: FileScan | Failure = ray.get(reference)
    except ray.exceptions.RayError as error:
        what = f"could not be scanned: {type(error).__name__} after {RETRIES} retries"
        raise CheckpointError(task.name, what, "look at the workers of the cluster") from None
    return result
