"""`model.safetensors.index.json`: which shard holds which tensor."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from release.checkpoint.document import parse_document
from release.errors import CheckpointError, Fault

INDEX_FILE = "model.safetensors.index.json"
LISTED_GAPS = 100
SHOWN = 80
_NUMBERED = re.compile(r"(.*-)([0-9]{1,6})-of-([0-9]{1,6})\.safetensors", re.DOTALL)


class Index(msgspec.Struct, frozen=True):
    """A parsed index; every shard name in it is a plain file name in the checkpoint's folder.

    `metadata` is None where the index has none.
    """

    weight_map: dict[str, str]
    metadata: dict[str, Any] | None

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
        raise _bad(file, f"names {document.duplicates[0]!r:.{SHOWN}} twice")
    weight_map = document.value.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise _bad(file, "has no weight_map, or an empty one")
    plain = {name for name in weight_map.values() if isinstance(name, str)}
    plain = {name for name in plain if _plain(name)}
    for tensor, shard in weight_map.items():
        if not isinstance(shard, str) or shard not in plain:
            what = f"maps {tensor!r:.{SHOWN}} to {shard!r:.{SHOWN}}, not a shard's file name"
            raise _bad(file, what)
    metadata = document.value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise _bad(file, "has a metadata entry that is not an object")
    return Index(weight_map, metadata)


def missing_numbers(names: Iterable[str]) -> list[str]:
    """Name what is missing between `model-00001-of-00003` and `model-00003-of-00003`."""
    present: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match:
            stem, number, total = match.groups()
            present[stem, total, len(number)].add(int(number))
    missing: list[str] = []
    for (stem, total, width), numbers in present.items():
        first = 0 if 0 in numbers else 1  # some exporters count from zero
        gaps = (n for n in range(first, first + int(total)) if n not in numbers)
        listed = islice(gaps, LISTED_GAPS)
        missing += [f"{stem}{number:0{width}}-of-{total}.safetensors" for number in listed]
    return missing


def _plain(name: str) -> bool:
    return (
        name.endswith(".safetensors")
        and not any(char in name for char in "/\\:\0")
        and not name.startswith(".")
    )


def _bad(file: str, what: str) -> CheckpointError:
    return CheckpointError(file, what, "write the index again from the shards", Fault.INDEX)
