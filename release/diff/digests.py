"""The sha256 of files and of each tensor in them, from one pass over their bytes."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.source import open_stream
from release.facts.scan import STREAMS, Progress
from release.scan.pool import Stopped

PIECE = 1 << 20
Advance = Callable[[int], object]


class Digests(msgspec.Struct, frozen=True):
    """sha256 in hex: of files by path, of tensors by shard and name."""

    files: dict[str, str]
    tensors: dict[tuple[str, str], str]


def digest_files(checkpoint: Checkpoint, names: Iterable[str], progress: Progress) -> Digests:
    """Hash files and, in the same pass, every tensor of those that are shards.

    Memory is bounded by a piece of 1 MiB for each core. Raises `ReleaseError`.
    """
    names = list(names)
    digests = Digests({}, {})
    total = sum(checkpoint.files[name].size for name in names)
    stop = threading.Event()
    with progress(total) as advance, ThreadPoolExecutor(_workers(checkpoint)) as pool:

        def watched(count: int) -> None:
            if stop.is_set():
                raise Stopped
            advance(count)

        jobs = [pool.submit(_digest, checkpoint, name, digests, watched) for name in names]
        try:
            for job in jobs:
                job.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return digests


def _workers(checkpoint: Checkpoint) -> int:
    return STREAMS if checkpoint.source.origin else os.cpu_count() or 1


def _digest(checkpoint: Checkpoint, name: str, digests: Digests, advance: Advance) -> None:
    whole = hashlib.sha256()
    header = checkpoint.shards.get(name)
    spans = sorted(header.tensors.items(), key=lambda item: item[1].start) if header else []
    waiting = iter(spans)
    current = next(waiting, None)
    part, position = hashlib.sha256(), 0
    buffer = memoryview(bytearray(PIECE))
    with open_stream(checkpoint.source.place(name), name) as stream:
        while count := stream.readinto(buffer):
            piece = buffer[:count]
            whole.update(piece)
            advance(count)
            end = position + count
            while current is not None and current[1].start < end:
                tensor, info = current
                part.update(piece[max(0, info.start - position) : info.end - position])
                if info.end > end:
                    break
                digests.tensors[name, tensor] = part.hexdigest()
                part, current = hashlib.sha256(), next(waiting, None)
            position = end
    empty = hashlib.sha256().hexdigest()
    for tensor, info in spans:
        if info.start == info.end:
            digests.tensors[name, tensor] = empty
    digests.files[name] = whole.hexdigest()
