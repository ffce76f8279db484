"""A checkpoint: files, config, index and the tensors that its headers declare.

Reading touches headers and small side files only. What is wrong with a single file is kept in
`defects`, for the file rules to judge; only what is no checkpoint at all raises.
"""

from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint.document import Document, parse_document
from release.checkpoint.folder import FileInfo, Folder
from release.checkpoint.header import (
    PREFIX_BYTES,
    Header,
    TensorInfo,
    check_length,
    header_length,
    parse_header,
)
from release.checkpoint.index import INDEX_FILE, Index, parse_index
from release.errors import CheckpointError, Fault

__all__ = ["Checkpoint", "Document", "FileInfo", "Header", "Index", "TensorInfo", "open_checkpoint"]

CONFIG_FILE = "config.json"
CONFIG_CAP = 64 << 20
INDEX_CAP = 256 << 20


class Checkpoint(msgspec.Struct, frozen=True):
    """What a folder of weights holds. Positions and sizes are in bytes.

    `shards` are the files whose headers were read, `loaded` those a loader reads: the index's,
    or every top-level safetensors file where there is no index. `tensors` are the loaded ones;
    a name stored in two loaded shards is in `repeated` with all its places.
    """

    source: Folder
    files: dict[str, FileInfo]
    config: Document | None
    index: Index | None
    shards: dict[str, Header]
    loaded: tuple[str, ...]
    tensors: dict[str, TensorInfo]
    repeated: dict[str, tuple[str, ...]]
    defects: tuple[CheckpointError, ...]

    @property
    def name(self) -> str:
        """What people call it: the folder's name."""
        return self.source.name

    @property
    def tensor_bytes(self) -> int:
        """Bytes of all loaded tensors."""
        return sum(info.nbytes for info in self.tensors.values())

    def read_document(self, file: str) -> Document:
        """Parse a JSON side file. Raises `CheckpointError`, also when it is over 64 MiB."""
        return parse_document(_read_whole(self.source, file, CONFIG_CAP), file, Fault.CONFIG)

    def read_text(self, file: str) -> str:
        """Read a text side file. Raises `CheckpointError` when it is too large or not UTF-8."""
        try:
            return _read_whole(self.source, file, CONFIG_CAP).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(file, f"is not UTF-8 at byte {error.start}") from None


def open_checkpoint(path: Path) -> Checkpoint:
    """Read a local checkpoint's headers, index and config.

    Raises `CheckpointError` when there is no such folder, or nothing of a checkpoint in it.
    """
    source = Folder(path)
    shards = [name for name in source.files if _is_weight_file(name)]
    if CONFIG_FILE not in source.files and not shards and not source.refused:
        hint = "name the folder that save_pretrained wrote"
        raise CheckpointError(str(path), "holds neither config.json nor *.safetensors", hint)
    defects = list(source.refused)
    config = _attempt(defects, _read_config, source)
    index = _attempt(defects, _read_index, source)
    headers = {}
    for name in shards:
        header = _attempt(defects, _read_header, source, name, defects)
        if header is not None:
            headers[name] = header
    loaded = tuple(index.shards) if index else tuple(shards)
    tensors, repeated = _merge(headers, loaded)
    return Checkpoint(
        source, source.files, config, index, headers, loaded, tensors, repeated, tuple(defects)
    )


def _is_weight_file(name: str) -> bool:
    return name.endswith(".safetensors") and "/" not in name


def _attempt(defects: list[CheckpointError], read: Any, *args: Any) -> Any:
    try:
        return read(*args)
    except CheckpointError as error:
        defects.append(error)
        return None


def _read_config(source: Folder) -> Document | None:
    if CONFIG_FILE not in source.files:
        return None
    return parse_document(_read_whole(source, CONFIG_FILE, CONFIG_CAP), CONFIG_FILE, Fault.CONFIG)


def _read_index(source: Folder) -> Index | None:
    if INDEX_FILE not in source.files:
        return None
    return parse_index(_read_whole(source, INDEX_FILE, INDEX_CAP))


def _read_whole(source: Folder, file: str, cap: int) -> bytes:
    size = source.files[file].size
    if size > cap:
        raise CheckpointError(file, f"is {size:,} bytes, more than such a file can need")
    return source.read(file, 0, size)


def _read_header(source: Folder, name: str, defects: list[CheckpointError]) -> Header:
    size = source.files[name].size
    length = header_length(source.read(name, 0, PREFIX_BYTES), size, name)
    header = parse_header(source.read(name, PREFIX_BYTES, length), name)
    # A truncated shard still says what it should hold: only its length is at fault.
    _attempt(defects, check_length, header, size, name)
    return header


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
