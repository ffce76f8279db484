"""`model.safetensors.index.json`: which shard holds which tensor."""

from typing import Any

import msgspec

from release.checkpoint.document import parse_document
from release.errors import CheckpointError, Fault

INDEX_FILE = "model.safetensors.index.json"


class Index(msgspec.Struct, frozen=True):
    """A parsed index; every shard name in it is a plain file name in the checkpoint's folder."""

    weight_map: dict[str, str]
    metadata: dict[str, Any]

    @property
    def shards(self) -> list[str]:
        """The shards it names, each once, sorted."""
        return sorted(set(self.weight_map.values()))


def parse_index(raw: bytes, file: str = INDEX_FILE) -> Index:
    """Parse an index, refusing any shard name that could lead out of the folder.

    Raises `CheckpointError`; nothing named in the index has been opened by then.
    """
    document = parse_document(raw, file, Fault.INDEX)
    if document.duplicates:
        raise _bad(file, f"names {document.duplicates[0]!r} twice")
    weight_map = document.value.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise _bad(file, "has no weight_map, or an empty one")
    for tensor, shard in weight_map.items():
        if not isinstance(shard, str) or not _plain(shard):
            raise _bad(file, f"maps {tensor!r} to {shard!r:.80}, which is not a shard's file name")
    metadata = document.value.get("metadata", {})
    if not isinstance(metadata, dict):
        raise _bad(file, "has a metadata entry that is not an object")
    return Index(weight_map, metadata)


def _plain(name: str) -> bool:
    return (
        name.endswith(".safetensors")
        and not any(char in name for char in "/\\:\0")
        and not name.startswith(".")
    )


def _bad(file: str, what: str) -> CheckpointError:
    return CheckpointError(file, what, "write the index again from the shards", Fault.INDEX)
