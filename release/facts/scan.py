"""Every byte, read once: sha256 of every file, and the values of every loaded tensor."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from release.checkpoint import Checkpoint, Header, TensorInfo
from release.errors import CheckpointError, ReleaseError
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.identity import CARD_FILES
from release.facts.modules import Module, Modules
from release.quantization.schemes import CACHE_SCALES, COMPANIONS
from release.scan.cluster import scan_on_cluster
from release.scan.layout import (
    Reading,
    Segment,
    index_reading,
    raw_reading,
    scale_reading,
    weight_reading,
    zero_point_reading,
)
from release.scan.pool import Advance, Task, scan_files
from release.scan.remembered import recall, remember
from release.scan.values import Scan, Values
from release.unknown import Unknown

Progress = Callable[[int], AbstractContextManager[Advance]]
TensorValues = dict[str, Values]

STREAMS = 8
"""Files of the Hub that are read at once where nobody said how many."""
WEIGHTS = frozenset({"weight", "weight_packed"})
SCALES = {"weight_scale", "weight_scale_inv", "weight_global_scale", "input_scale"} | {
    role for role in COMPANIONS | CACHE_SCALES if role.endswith("_scale")
}


@contextmanager
def silent(_total: int) -> Iterator[Advance]:
    """Show no progress."""
    yield lambda _count: None


class Scanning(msgspec.Struct, frozen=True):
    """How to scan: threads (None: one for each core), and who is told of the progress.

    `reuse` is where scans are remembered, and taken from for files that look unchanged. `cluster`
    is the address of a Ray cluster that scans in place of this machine's threads.
    """

    jobs: int | None = None
    progress: Progress = silent
    reuse: Path | None = None
    cluster: str | None = None


def provide_scanning() -> Scanning:
    """What holds where nobody said anything."""
    return Scanning()


def provide_scan(
    checkpoint: Checkpoint, stored_modules: Modules | Unknown, scanning: Scanning
) -> Scan | Unknown:
    """Scan every file but the card; Unknown if one cannot be read or changes meanwhile."""
    known = {} if isinstance(stored_modules, Unknown) else stored_modules.items
    tasks = [
        Task(
            checkpoint.source.place(name),
            name,
            info.size,
            _segments(checkpoint.shards[name], info.size, known)
            if name in checkpoint.shards and name in checkpoint.loaded
            else (),
        )
        for name, info in checkpoint.files.items()
        if name not in CARD_FILES
    ]
    if checkpoint.source.origin is not None:
        scanning = _for_the_hub(scanning)
    try:
        return _scan(checkpoint, tasks, scanning)
    except CheckpointError as error:
        return Unknown(str(error))


def _for_the_hub(scanning: Scanning) -> Scanning:
    """Read several files at once. Raises `ReleaseError` where times would have to be trusted."""
    if scanning.reuse:
        raise ReleaseError("--reuse trusts the times of files, which there are none of on the Hub")
    return msgspec.structs.replace(scanning, jobs=scanning.jobs or STREAMS)


def _scan(checkpoint: Checkpoint, tasks: list[Task], scanning: Scanning) -> Scan:
    stamps = {name: info.stamp for name, info in checkpoint.files.items()}
    reused = recall(scanning.reuse, tasks, stamps) if scanning.reuse else {}
    new = [task for task in tasks if task.name not in reused]
    with scanning.progress(sum(task.size for task in new)) as advance:
        if scanning.cluster:
            scans = scan_on_cluster(new, advance, scanning.cluster, scanning.jobs)
        else:
            scans = scan_files(new, advance, scanning.jobs)
    files = {task.name: reused.get(task.name) or scans[task.name] for task in tasks}
    if scanning.reuse:
        remember(scanning.reuse, tasks, stamps, files)
    return Scan(files, tuple(reused))


def provide_values(checkpoint: Checkpoint, scan: Scan) -> TensorValues:
    """The values of every loaded tensor; of one that is stored twice, those a loader keeps."""
    return {
        tensor: values
        for name in checkpoint.loaded
        if name in scan.files
        for tensor, values in scan.files[name].tensors.items()
    }


def hash_checkpoint(checkpoint: Checkpoint, but: Collection[str] = ()) -> Scan:
    """Hash every file but the card's and `but`; look at no value. Raises `CheckpointError`."""
    tasks = [
        Task(checkpoint.source.place(name), name, info.size)
        for name, info in checkpoint.files.items()
        if name not in CARD_FILES and name not in but
    ]
    return Scan(scan_files(tasks))


def _segments(header: Header, size: int, modules: dict[str, Module]) -> tuple[Segment, ...]:
    """The tensors of a shard in the order of their bytes, those that the file really holds."""
    held = [(name, info) for name, info in header.tensors.items() if info.end <= size]
    held.sort(key=lambda item: item[1].start)
    alike: dict[Reading, Reading] = {}  # one for all of a kind: it is looked up by many

    def reading(name: str, info: TensorInfo) -> Reading:
        found = _reading(name, info, modules)
        return alike.setdefault(found, found)

    return tuple(Segment(name, info.start, info.end, reading(name, info)) for name, info in held)


def _reading(tensor: str, info: TensorInfo, modules: dict[str, Module]) -> Reading:
    name, _, role = tensor.rpartition(".")
    if role in SCALES:
        return scale_reading(info)
    module = modules.get(name)
    scheme = module.known_scheme if module else None
    if role == "weight_zero_point" and scheme:
        return zero_point_reading(info, scheme)
    if role == "weight_g_idx":
        return index_reading(info)
    if role in COMPANIONS - WEIGHTS or role in CACHE_SCALES:
        return raw_reading(info)
    if module is None or role not in WEIGHTS:
        return weight_reading(info, None)
    return weight_reading(
        info,
        scheme,
        columns=module.shape[1] if module.shape else 0,
        table=module.component in {EMBEDDINGS, HEAD},
    )
