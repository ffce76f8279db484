"""One change to a real checkpoint: a hard-linked copy with exactly one thing different.

A changed file is written anew and renamed over the link, never in place: the original stays.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from release.checkpoint.header import DTYPE_BITS, product

INDEX = "model.safetensors.index.json"
Entry = tuple[str, list[int], bytes]  # dtype, shape, values


class Draft:
    """A copy of a checkpoint; every method makes one change and returns the draft."""

    def __init__(self, source: Path, root: Path) -> None:
        shutil.copytree(source, root, copy_function=os.link)
        self.path = root

    def write(self, file: str, content: bytes | str) -> "Draft":
        raw = content.encode() if isinstance(content, str) else content
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.new")
        partial.write_bytes(raw)
        partial.replace(target)
        return self

    def remove(self, file: str) -> "Draft":
        (self.path / file).unlink()
        return self

    def truncate(self, file: str, missing: int) -> "Draft":
        return self.write(file, (self.path / file).read_bytes()[:-missing])

    def edit(self, file: str, path: str, value: Any) -> "Draft":
        """Set `a.b.0.c` of a JSON file."""
        document = json.loads((self.path / file).read_bytes())
        *parents, last = path.split(".")
        place = document
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place[key]
        place[int(last) if isinstance(place, list) else last] = value
        return self.write(file, json.dumps(document, indent=2))

    def unset(self, file: str, path: str) -> "Draft":
        document = json.loads((self.path / file).read_bytes())
        *parents, last = path.split(".")
        place = document
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place[key]
        del place[last]
        return self.write(file, json.dumps(document, indent=2))

    def config(self, path: str, value: Any) -> "Draft":
        return self.edit("config.json", path, value)

    def read(self, file: str = "config.json") -> Any:
        return json.loads((self.path / file).read_bytes())

    def tensors(self) -> dict[str, str]:
        """Every tensor's name and the shard it is in."""
        return {name: shard for shard in self.shards() for name in read_shard(self.path / shard)}

    def shards(self) -> list[str]:
        return sorted(path.name for path in self.path.glob("*.safetensors"))

    def shape(self, tensor: str) -> list[int]:
        return read_shard(self.path / self.tensors()[tensor])[tensor][1]

    def drop(self, tensor: str) -> "Draft":
        """Remove a tensor from its shard and from the index."""
        self._rewrite(tensor, lambda entries: entries.pop(tensor))
        return self._index(lambda weight_map: weight_map.pop(tensor, None))

    def rename(self, tensor: str, name: str) -> "Draft":
        def move(entries: dict[str, Entry]) -> None:
            entries[name] = entries.pop(tensor)

        self._rewrite(tensor, move)

        def remap(weight_map: dict[str, str]) -> None:
            weight_map[name] = weight_map.pop(tensor)

        return self._index(remap)

    def retype(self, tensor: str, dtype: str, shape: list[int]) -> "Draft":
        """Store a tensor of zeros of another dtype or shape under the same name."""
        size = product(tuple(shape)) * DTYPE_BITS[dtype] // 8

        def replace(entries: dict[str, Entry]) -> None:
            entries[tensor] = (dtype, shape, bytes(size))

        return self._rewrite(tensor, replace)

    def patch(self, tensor: str, values: bytes, at: int | None = None) -> "Draft":
        """Store other bytes for a tensor: as many as it had, or fewer from byte `at` on."""

        def replace(entries: dict[str, Entry]) -> None:
            dtype, shape, before = entries[tensor]
            start = at or 0
            after = before[:start] + values + before[start + len(values) :]
            assert len(after) == len(before)
            assert at is not None or len(values) == len(before)
            entries[tensor] = (dtype, shape, after)

        return self._rewrite(tensor, replace)

    def bytes_of(self, tensor: str) -> bytes:
        """The bytes of a tensor as they are now."""
        return read_shard(self.path / self.tensors()[tensor])[tensor][2]

    def add(self, tensor: str, dtype: str, shape: list[int], *, beside: str) -> "Draft":
        """Add a tensor of zeros to the shard of another one, and to the index."""
        size = product(tuple(shape)) * DTYPE_BITS[dtype] // 8
        shard = self.tensors()[beside]

        def insert(entries: dict[str, Entry]) -> None:
            entries[tensor] = (dtype, shape, bytes(size))

        self._rewrite(beside, insert)
        return self._index(lambda weight_map: weight_map.update({tensor: shard}))

    def unquantize(self, module: str) -> "Draft":
        """Store a module of NVFP4 or FP8 in BF16, as a writer that ignores it does."""
        roles = [tensor for tensor in self.tensors() if tensor.startswith(f"{module}.")]
        packed = f"{module}.weight_packed"
        rows, columns = self.shape(packed if packed in roles else f"{module}.weight")
        shard = self.tensors()[roles[0]]
        for tensor in roles:
            self.drop(tensor)
        beside = next(tensor for tensor, file in self.tensors().items() if file == shard)
        shape = [rows, columns * 2 if packed in roles else columns]
        self.add(f"{module}.weight", "BF16", shape, beside=beside)
        return self.noise(f"{module}.weight")

    def noise(self, tensor: str) -> "Draft":
        """Fill a BF16 tensor with numbers around a hundredth, of both signs."""
        random = Random(tensor)

        def fill(values: bytes) -> bytes:
            words = random.randbytes(len(values) // 2)
            return b"".join(bytes((low, 0x3C | (low & 1) << 7)) for low in words)

        return self.change(tensor, fill)

    def change(self, tensor: str, change: Callable[[bytes], bytes]) -> "Draft":
        """Change the bytes of a tensor; their number stays."""

        def replace(entries: dict[str, Entry]) -> None:
            dtype, shape, values = entries[tensor]
            changed = change(values)
            assert len(changed) == len(values)
            entries[tensor] = (dtype, shape, changed)

        return self._rewrite(tensor, replace)

    def values(self, tensor: str) -> bytes:
        """The bytes of a tensor."""
        return read_shard(self.path / self.tensors()[tensor])[tensor][2]

    def store(self, tensor: str, values: bytes) -> "Draft":
        """Replace the bytes of a tensor by as many others."""
        return self.change(tensor, lambda _: values)

    def copy(self, one: str, other: str) -> "Draft":
        """Store the bytes of one tensor under the name of another too."""
        values = self.values(one)
        return self.change(other, lambda _: values)

    def exchange(self, one: str, other: str) -> "Draft":
        """Exchange the bytes of two tensors."""
        first, second = self.values(one), self.values(other)
        return self.change(one, lambda _: second).change(other, lambda _: first)

    def header(self, shard: str, change: Callable[[dict[str, Any]], object]) -> "Draft":
        """Change a shard's header as JSON and leave its data as it is."""
        raw = (self.path / shard).read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        return self.write(shard, len(text).to_bytes(8, "little") + text + raw[8 + length :])

    def _rewrite(self, tensor: str, change: Callable[[dict[str, Entry]], object]) -> "Draft":
        shard = self.tensors()[tensor]
        entries = read_shard(self.path / shard)
        change(entries)
        return self.write(shard, pack_shard(entries))

    def _index(self, change: Callable[[dict[str, str]], object]) -> "Draft":
        if (self.path / INDEX).exists():
            document = self.read(INDEX)
            change(document["weight_map"])
            self.write(INDEX, json.dumps(document))
        return self


def read_shard(path: Path) -> dict[str, Entry]:
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    header.pop("__metadata__", None)
    entries = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        entries[name] = (entry["dtype"], entry["shape"], data[start:end])
    return entries


def pack_shard(entries: dict[str, Entry]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, (dtype, shape, values) in entries.items():
        span = [position, position + len(values)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": span}
        position = span[1]
    raw = json.dumps(header).encode()
    body = b"".join(values for _, _, values in entries.values())
    return len(raw).to_bytes(8, "little") + raw + body
