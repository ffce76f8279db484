"""A checkpoint: files, config, index and the tensors that its headers declare.

Reading touches headers and small side files only. What is wrong with a single file is kept in
`defects`, for the file rules to judge; only what is no checkpoint at all raises.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint.document import Document, parse_document
from release.checkpoint.folder import Folder
from release.checkpoint.header import (
    PREFIX_BYTES,
    Header,
    TensorInfo,
    check_length,
    header_length,
    parse_header,
)
from release.checkpoint.hub import HubRevision, HubSource
from release.checkpoint.index import INDEX_FILE, Index, missing_numbers, parse_index
from release.checkpoint.kinds import HEAD_BYTES, INSTEAD, instead, kind_of
from release.checkpoint.source import FileInfo, Source
from release.errors import CheckpointError, Fault, ReleaseError

__all__ = [
    "Checkpoint",
    "Document",
    "FileInfo",
    "Header",
    "HubRevision",
    "Index",
    "Source",
    "TensorInfo",
    "open_checkpoint",
]

CONFIG_FILE = "config.json"
CONFIG_CAP = 64 << 20
INDEX_CAP = 256 << 20
NOT_SHARDS = ("consolidated", "adapter_model", "imatrix")
CAPS = {CONFIG_FILE: CONFIG_CAP, INDEX_FILE: INDEX_CAP}
FIRST_BYTES, ENTRY_BYTES = 64 << 10, 112
"""Of a header that nothing is known about, and of one tensor in it beside its name."""


class Checkpoint(msgspec.Struct, frozen=True):
    """What a folder or a revision on the Hub holds. Positions and sizes are in bytes.

    `shards` are the files whose headers were read, `loaded` those a loader reads: the index's,
    or where there is none every top-level safetensors file that is not named as something else (an
    adapter, an importance matrix, Mistral's second copy). `tensors` are the loaded ones;
    a name stored in two loaded shards is in `repeated` with all its places. `absent` are shards
    that are named, by the index or by a gap in the others' numbers, and are not there.
    """

    source: Source
    files: dict[str, FileInfo]
    config: Document | None
    index: Index | None
    shards: dict[str, Header]
    loaded: tuple[str, ...]
    tensors: dict[str, TensorInfo]
    repeated: dict[str, tuple[str, ...]]
    absent: tuple[str, ...]
    defects: tuple[CheckpointError, ...]

    @property
    def name(self) -> str:
        """What people call it: the name of the folder or the repository."""
        return self.source.name

    @property
    def tensor_bytes(self) -> int:
        """Bytes of all loaded tensors."""
        return sum(info.nbytes for info in self.tensors.values())

    @property
    def folder(self) -> Folder:
        """The folder it is in. Raises `ReleaseError` for one on the Hub."""
        if not isinstance(self.source, Folder):
            hint = f"run `hf download {self.name}`, and name the folder"
            raise ReleaseError("is on the Hub: this needs a folder", where=self.name, hint=hint)
        return self.source

    def faults(self, *kinds: Fault) -> Iterator[CheckpointError]:
        """Give the defects of these kinds, in the order of the files."""
        return (defect for defect in self.defects if defect.fault in kinds)

    def read_document(self, file: str) -> Document:
        """Parse a JSON side file. Raises `CheckpointError`, also when it is over 64 MiB."""
        raw = _read_whole(self.source, file, CONFIG_CAP, Fault.CONFIG)
        return parse_document(raw, file, Fault.CONFIG)

    def read_text(self, file: str) -> str:
        """Read a text side file. Raises `CheckpointError` when it is too large or not UTF-8."""
        if not self.files[file].size:
            return ""
        try:
            return _read_whole(self.source, file, CONFIG_CAP, Fault.CONFIG).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(file, f"is not UTF-8 at byte {error.start}") from None


def open_checkpoint(place: Path | HubRevision) -> Checkpoint:
    """Read a checkpoint's headers, index and config: on the Hub by ranges, one or two a shard.

    Raises `CheckpointError` when there is no such folder, or nothing of a checkpoint in it, and
    `ReleaseError` for what the Hub or the network refuses.
    """
    source: Source = Folder(place) if isinstance(place, Path) else HubSource(place)
    shards = [name for name in source.files if _is_weight_file(name)]
    if CONFIG_FILE not in source.files and not shards and not source.refused:
        hint = "name the folder that save_pretrained wrote"
        raise CheckpointError(str(place), "holds neither config.json nor *.safetensors", hint)
    defects = list(source.refused)
    source.prefetch(_small(source))
    config = _attempt(defects, _read_config, source)
    index = _attempt(defects, _read_index, source)
    headers = {}
    source.prefetch(_expected_headers(shards, index))
    for name in shards:
        header = _attempt(defects, _read_header, source, name, defects)
        if header is not None:
            headers[name] = header
    loaded = tuple(index.shards) if index else _without_index(shards)
    tensors, repeated = _merge(headers, loaded)
    known = source.files.keys() | {defect.file for defect in defects}
    named = (*loaded, *missing_numbers(loaded))
    return Checkpoint(
        source,
        source.files,
        config,
        index,
        headers,
        loaded,
        tensors,
        repeated,
        tuple(name for name in named if name not in known),
        tuple(defects),
    )


def _is_weight_file(name: str) -> bool:
    # Readers look for `*.safetensors`, which leaves hidden files and folders out.
    return name.endswith(".safetensors") and "/" not in name and not name.startswith(".")


def _without_index(shards: list[str]) -> tuple[str, ...]:
    """Leave out Mistral's second copy of the weights, adapters and importance matrices."""
    first = [name for name in shards if not name.startswith(NOT_SHARDS)]
    return tuple(first or shards)


def _attempt(defects: list[CheckpointError], read: Any, *args: Any) -> Any:
    try:
        return read(*args)
    except CheckpointError as error:
        defects.append(error)
        return None


def _read_config(source: Source) -> Document | None:
    if CONFIG_FILE not in source.files:
        return None
    raw = _read_whole(source, CONFIG_FILE, CONFIG_CAP, Fault.CONFIG)
    return parse_document(raw, CONFIG_FILE, Fault.CONFIG)


def _read_index(source: Source) -> Index | None:
    if INDEX_FILE not in source.files:
        return None
    return parse_index(_read_whole(source, INDEX_FILE, INDEX_CAP, Fault.INDEX))


def _read_whole(source: Source, file: str, cap: int, fault: Fault) -> bytes:
    size = source.files[file].size
    hint = "save or download the file again"
    if size > cap:
        what = f"is {size:,} bytes, more than such a file can need"
        raise CheckpointError(file, what, hint, fault)
    raw = source.read(file, 0, size)
    if not raw:
        raise CheckpointError(file, "is empty", hint, Fault.NOT_WEIGHTS)
    kind = kind_of(raw[:HEAD_BYTES])
    if kind in INSTEAD:
        raise CheckpointError(file, *instead(kind, size), Fault.NOT_WEIGHTS)
    return raw


def _read_header(source: Source, name: str, defects: list[CheckpointError]) -> Header:
    size = source.files[name].size
    length = header_length(source.read(name, 0, HEAD_BYTES), size, name)
    header = parse_header(source.read(name, PREFIX_BYTES, length), name)
    # A truncated shard still says what it should hold: only its length is at fault.
    _attempt(defects, check_length, header, size, name)
    return header


def _small(source: Source) -> dict[str, int]:
    """Config and index, whole, unless they are too large to be read at all."""
    sizes = {name: source.files[name].size for name in CAPS if name in source.files}
    return {name: size for name, size in sizes.items() if size <= CAPS[name]}


def _expected_headers(shards: list[str], index: Index | None) -> dict[str, int]:
    """About how many bytes each shard's header has, as the index lets one guess; rather more."""
    expected = dict.fromkeys(shards, FIRST_BYTES if index is None else HEAD_BYTES)
    for tensor, shard in index.weight_map.items() if index else ():
        if shard in expected:
            expected[shard] += len(tensor) + ENTRY_BYTES
    return expected


def _merge(
    headers: dict[str, Header], loaded: tuple[str, ...]
) -> tuple[dict[str, TensorInfo], dict[str, tuple[str, ...]]]:
    tensors: dict[str, TensorInfo] = {}
    places: dict[str, list[str]] = {}
    for shard in loaded:
        if shard in headers:
            for name, info in headers[shard].tensors.items():
                if name in tensors:
                    places.setdefault(name, [tensors[name].shard]).append(shard)
                tensors[name] = info
    return tensors, {name: tuple(where) for name, where in places.items()}
