"""Make a checkpoint with real headers and no data: `python benchmarks/sparse.py 27B FOLDER`.

Every safetensors file has the header and the length of the real thing; its values were never
written, so a sparse file of 25 GB takes some 100 kB of disk. What `release verify --level headers`
reads is all there. The shapes: benchmarks/shapes/*.json, config.json files without `ignore`.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.architecture.skeleton import EMBEDDING, LINEAR, Expected
from release.checkpoint.header import DTYPE_BITS, PREFIX_BYTES, product
from release.checkpoint.index import INDEX_FILE
from release.quantization.config import parse_quantization
from release.quantization.match import Resolver
from release.quantization.schemes import Scheme, scheme_of

ROOT = Path(__file__).parent.parent
SHAPES = Path(__file__).with_name("shapes")
DEMO = ROOT / "release" / "demo" / "checkpoint"
SHARDS = {"27B": 6, "1T": 150}
FLOAT = "BF16"
EXPERTS = "n_routed_experts"
ALIGNMENT = 8
CLASSES = {LINEAR: ("Linear",), EMBEDDING: ("Embedding",)}
TEXT_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
IMAGE_FILES = ("preprocessor_config.json", "video_preprocessor_config.json")

Tensor = tuple[str, str, tuple[int, ...]]


def make(shape: str, folder: Path, *, whole_vocabulary: bool = False, times: int = 1) -> None:
    """Write the checkpoint of a shape into a new folder, with `times` as many experts."""
    config = json.loads((SHAPES / f"{shape}.json").read_text(encoding="utf-8"))
    if times > 1:
        config[EXPERTS] *= times
    architecture = derive_architecture(ModelConfig(config))
    assert isinstance(architecture, Architecture), architecture  # noqa: S101 - our own shapes
    config["quantization_config"]["ignore"] = _ignored(config, architecture)
    folder.mkdir(parents=True)
    _write_json(folder / "config.json", config)
    _write_weights(folder, list(_tensors(config, architecture)), SHARDS[shape])
    _copy_side_files(folder, config, whole_vocabulary=whole_vocabulary)


def _ignored(config: dict[str, Any], architecture: Architecture) -> list[str]:
    """The Linears in no group, and attention in the 1T, by name, as llm-compressor lists them."""
    by_class = any("Linear" in g["targets"] for g in _groups(config).values())
    linear = {n: ("Linear",) for n, e in architecture.modules.items() if e.kind == LINEAR}
    declared = parse_quantization(config["quantization_config"])
    claims = Resolver(declared.groups, ()).claims(linear)
    return [
        name
        for name in linear
        if claims[name].group is None
        or (
            by_class
            and (
                ".self_attn." in name or name == "lm_head" or architecture.modules[name].float_only
            )
        )
    ]


def _groups(config: dict[str, Any]) -> dict[str, Any]:
    groups: dict[str, Any] = config["quantization_config"]["config_groups"]
    return groups


def _tensors(config: dict[str, Any], architecture: Architecture) -> Iterator[Tensor]:
    """Every tensor that a checkpoint of this config stores."""
    declared = parse_quantization(config["quantization_config"])
    modules = architecture.modules
    classes = {name: CLASSES.get(expected.kind, ()) for name, expected in modules.items()}
    claims = Resolver(declared.groups, declared.ignore).claims(classes)
    schemes = {group.name: scheme_of(group, declared) for group in declared.groups}
    for name, expected in modules.items():
        group = claims[name].group
        scheme = schemes[group] if group else None
        if isinstance(scheme, Scheme):
            yield from _quantized(name, expected, scheme)
        else:
            yield from ((f"{name}.{role}", FLOAT, dims) for role, dims in expected.tensors.items())


def _quantized(name: str, expected: Expected, scheme: Scheme) -> Iterator[Tensor]:
    rows, columns = expected.tensors["weight"]
    for slot in scheme.slots:
        if slot.required:
            dims = scheme.expected_shape(slot, rows, columns)
            yield f"{name}.{slot.role}", slot.dtypes[0], dims


def _write_weights(folder: Path, tensors: list[Tensor], shards: int) -> None:
    total = sum(map(_bytes, tensors))
    bounds, filled = [0], 0
    for position, tensor in enumerate(tensors):
        if filled >= len(bounds) * total / shards:
            bounds.append(position)
        filled += _bytes(tensor)
    weight_map = {}
    for number, (start, end) in enumerate(pairwise([*bounds, len(tensors)]), start=1):
        name = f"model-{number:05}-of-{len(bounds):05}.safetensors"
        _write_shard(folder / name, tensors[start:end])
        weight_map |= {tensor[0]: name for tensor in tensors[start:end]}
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    _write_json(folder / INDEX_FILE, index)


def _write_shard(path: Path, tensors: list[Tensor]) -> None:
    """Write a header as safetensors does: widest dtype first, then by name, padded with spaces."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, dtype, dims in sorted(tensors, key=lambda t: (-DTYPE_BITS[t[1]], t[0])):
        end = position + _bytes((name, dtype, dims))
        header[name] = {"dtype": dtype, "shape": dims, "data_offsets": [position, end]}
        position = end
    raw = json.dumps(header, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % ALIGNMENT)
    with path.open("wb") as stream:
        stream.write(len(raw).to_bytes(PREFIX_BYTES, "little") + raw)
        stream.truncate(PREFIX_BYTES + len(raw) + position)


def _bytes(tensor: Tensor) -> int:
    return product(tensor[2]) * DTYPE_BITS[tensor[1]] // 8


def _copy_side_files(folder: Path, config: dict[str, Any], *, whole_vocabulary: bool) -> None:
    """The demo's, whose vocabulary is tiny unless it is grown to the size of the embedding."""
    for name in (*TEXT_FILES, *(IMAGE_FILES if "vision_config" in config else ())):
        shutil.copyfile(DEMO / name, folder / name)
    text = config.get("text_config", config)
    ids = {key: text[key] for key in ("eos_token_id", "pad_token_id")}
    _write_json(folder / "generation_config.json", ids)
    if whole_vocabulary:
        tokenizer = json.loads((DEMO / "tokenizer.json").read_text(encoding="utf-8"))
        _grow(tokenizer, text["vocab_size"])
        _write_json(folder / "tokenizer.json", tokenizer)


def _grow(tokenizer: dict[str, Any], size: int) -> None:
    """Merge what there is with single letters, until the vocabulary has this size."""
    vocabulary, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    vocabulary |= {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    letters = [token for token in vocabulary if len(token) == 1]
    number = max(token["id"] for token in tokenizer["added_tokens"]) + 1
    words = list(letters)
    for word in words:
        for letter in letters:
            if number == size:
                return
            if word + letter not in vocabulary:
                vocabulary[word + letter] = number
                merges.append([word, letter])
                words.append(word + letter)
                number += 1


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Make the checkpoint that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shape", choices=SHARDS)
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument(
        "--whole-vocabulary",
        action="store_true",
        help="a tokenizer.json with as many tokens as the embedding has rows",
    )
    parser.add_argument("--times", type=int, default=1, help="this many times the experts")
    given = parser.parse_args()
    make(given.shape, given.folder, whole_vocabulary=given.whole_vocabulary, times=given.times)


if __name__ == "__main__":
    main()
