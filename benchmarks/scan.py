"""How fast `release verify` reads every byte, as a ratio to hashing the same files alone.

    python benchmarks/scan.py [--gb 5] [--shards 4] [--jobs N] [--rounds 5] [--experts]

Writes a checkpoint of plausible FP8, NVFP4 and BF16 weights into a temporary folder, reads it once
so that it lies in the page cache, then times both, in turns. Prints the best of each.
With --experts the weights are those of many experts, 0.8 MB each: there each tensor's cost shows.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from release.checkpoint import open_checkpoint
from release.checkpoint.header import DTYPE_BITS
from release.facts import Facts, Level
from release.facts.scan import Scanning
from release.scan.values import Scan

HIDDEN, INTERMEDIATE, VOCABULARY = 5120, 17408, 151_936
CHUNK = 1 << 20
GROUPS = {
    "group_0": {
        "targets": ["re:.*self_attn.*"],
        "format": "float-quantized",
        "weights": {"num_bits": 8, "type": "float", "strategy": "channel"},
        "input_activations": {"num_bits": 8, "type": "float", "strategy": "token", "dynamic": True},
    },
    "group_1": {
        "targets": ["re:.*mlp.*"],
        "format": "nvfp4-pack-quantized",
        "weights": {
            "num_bits": 4,
            "type": "float",
            "strategy": "tensor_group",
            "group_size": 16,
            "scale_dtype": "torch.float8_e4m3fn",
        },
    },
}
ORDER = list(DTYPE_BITS)
Entry = tuple[str, str, tuple[int, ...]]


def layer(index: int) -> list[Entry]:
    """The tensors of one layer: name, dtype, shape."""
    prefix = f"model.layers.{index}"
    entries: list[Entry] = [(f"{prefix}.input_layernorm.weight", "BF16", (HIDDEN,))]
    for name, out in (("q", HIDDEN), ("k", HIDDEN // 4), ("v", HIDDEN // 4), ("o", HIDDEN)):
        module = f"{prefix}.self_attn.{name}_proj"
        entries.append((f"{module}.weight", "F8_E4M3", (out, HIDDEN)))
        entries.append((f"{module}.weight_scale", "BF16", (out, 1)))
    for name in ("gate", "up", "down"):
        out, columns = (HIDDEN, INTERMEDIATE) if name == "down" else (INTERMEDIATE, HIDDEN)
        module = f"{prefix}.mlp.{name}_proj"
        entries.append((f"{module}.weight_packed", "U8", (out, columns // 2)))
        entries.append((f"{module}.weight_scale", "F8_E4M3", (out, columns // 16)))
        entries.append((f"{module}.weight_global_scale", "F32", (1,)))
    return entries


def expert_layer(index: int) -> list[Entry]:
    """One layer of 128 experts, of 2,048 to 768."""
    prefix, hidden, width = f"model.layers.{index}.mlp.experts", 2048, 768
    entries: list[Entry] = []
    for expert in range(128):
        for name in ("gate", "up", "down"):
            out, columns = (hidden, width) if name == "down" else (width, hidden)
            module = f"{prefix}.{expert}.{name}_proj"
            entries.append((f"{module}.weight_packed", "U8", (out, columns // 2)))
            entries.append((f"{module}.weight_scale", "F8_E4M3", (out, columns // 16)))
            entries.append((f"{module}.weight_global_scale", "F32", (1,)))
            entries.append((f"{module}.input_global_scale", "F32", (1,)))
    return entries


class Material:
    """Bytes that look like weights: a normal distribution in each dtype, cut anywhere."""

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        normal = generator.standard_normal(16 << 20, np.float32) * 0.02
        bits = normal.view(np.uint32)
        # Of FP8 and FP4 only the shape of the histogram matters: sign, and codes that end well.
        magnitude = np.clip(np.abs(normal) * 1000, 0, 126).astype(np.uint8)
        sign = (bits >> 31 << 7).astype(np.uint8)
        nibble = np.minimum(np.abs(normal) * 120, 7).astype(np.uint8) | (sign >> 4)
        self._material = {
            "BF16": (bits >> 16).astype(np.uint16).tobytes(),
            "F8_E4M3": (magnitude | sign).tobytes(),
            "scale": np.clip(magnitude, 0x40, 0x7E).tobytes(),
            "U8": (nibble[::2] | nibble[1::2] << 4).tobytes(),
            "F32": np.float32(28_544).tobytes(),
        }
        self._generator = generator

    def take(self, name: str, dtype: str, size: int) -> bytes:
        """As many bytes for a tensor, from a random place on."""
        if name.endswith("weight_scale"):
            dtype = "scale" if dtype == "F8_E4M3" else dtype
        source = self._material[dtype]
        start = int(self._generator.integers(0, max(1, len(source) // 2))) // 64 * 64
        part = source[start : start + size]
        part += source * ((size - len(part)) // len(source) + 1)
        if name.endswith("weight_scale") and dtype == "BF16":
            return bytes(np.frombuffer(part[:size], np.uint8) & 0x7F | 0x01)
        return part[:size]


def write_checkpoint(
    folder: Path, total: int, shards: int, make: Callable[[int], list[Entry]] = layer
) -> None:
    """Write layers until there are `total` bytes, in files of equal size."""
    width = {"BF16": 2, "F8_E4M3": 1, "U8": 1, "F32": 4}
    material = Material()
    weight_map: dict[str, str] = {}
    index = 0
    for number in range(1, shards + 1):
        file = f"model-{number:05}-of-{shards:05}.safetensors"
        entries: list[Entry] = []
        size = 0
        if number == 1 and make is layer:
            entries.append(("model.embed_tokens.weight", "BF16", (VOCABULARY, HIDDEN)))
            size = VOCABULARY * HIDDEN * 2
        while size < total // shards:
            entries += make(index)
            size += sum(width[d] * int(np.prod(shape)) for _, d, shape in make(index))
            index += 1
        write_shard(folder / file, entries, width, material)
        weight_map |= dict.fromkeys((name for name, _, _ in entries), file)
    quantization = {
        "quant_method": "compressed-tensors",
        "format": "mixed-precision",
        "config_groups": GROUPS,
        "ignore": ["lm_head"],
    }
    config = {"model_type": "plausible", "quantization_config": quantization}
    (folder / "config.json").write_text(json.dumps(config))
    document = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(document))


def write_shard(place: Path, entries: list[Entry], width: dict[str, int], source: Material) -> None:
    """Write one safetensors file, its tensors in the order in which that library writes them."""
    entries = sorted(entries, key=lambda entry: (-ORDER.index(entry[1]), entry[0]))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, dtype, shape in entries:
        end = position + width[dtype] * int(np.prod(shape))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, end]}
        position = end
    raw = json.dumps(header).encode()
    with place.open("wb") as stream:
        stream.write(len(raw).to_bytes(8, "little") + raw)
        for name, dtype, shape in entries:
            stream.write(source.take(name, dtype, width[dtype] * int(np.prod(shape))))


def hash_file(path: Path) -> str:
    """What the ratio is to: read and hash, nothing else."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


def hash_alone(folder: Path, jobs: int) -> dict[str, str]:
    """Hash every file with as many threads, the largest first."""
    paths = sorted(folder.iterdir(), key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip((path.name for path in paths), pool.map(hash_file, paths), strict=True))


def scan(folder: Path, jobs: int) -> dict[str, str]:
    """What verify does at level bytes, from opening the folder to the last digest."""
    given = {"checkpoint": open_checkpoint(folder), "scanning": Scanning(jobs)}
    result = Facts(given, Level.BYTES).get("scan")
    assert isinstance(result, Scan), result  # noqa: S101 - a broken benchmark must not print
    return {name: file.sha256 for name, file in result.files.items()}


def timed(work: Callable[[], dict[str, str]]) -> tuple[float, dict[str, str]]:
    """Seconds and result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gb", type=float, default=5)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--experts", action="store_true")
    options = parser.parse_args()
    make = expert_layer if options.experts else layer
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        write_checkpoint(folder, int(options.gb * 1e9), options.shards, make)
        size = sum(path.stat().st_size for path in folder.iterdir())
        expected = hash_alone(folder, options.jobs)
        alone, fused = [], []
        for _ in range(options.rounds):
            alone.append(timed(lambda: hash_alone(folder, options.jobs))[0])
            seconds, digests = timed(lambda: scan(folder, options.jobs))
            fused.append(seconds)
            assert digests == expected, "a digest is wrong"  # noqa: S101
    rates = [size / min(times) / 1e9 for times in (alone, fused)]
    print(
        f"{size / 1e9:.2f} GB in {options.shards} shards, {options.jobs} threads: "
        f"hash alone {rates[0]:.2f} GB/s, hash and values {rates[1]:.2f} GB/s, "
        f"ratio {rates[1] / rates[0]:.3f}"
    )


if __name__ == "__main__":
    main()
