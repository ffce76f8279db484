"""Files and safetensors structure: bytes lost, added, moved; files that do not belong."""

import json
import os
import random
import string
from pathlib import Path
from typing import Any

from tests.mutate import INDEX, Draft
from tests.mutations.fault import EVERY, SHARDED, Fault, index_entry, largest, shard

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
PICKLE = b"\x80\x02}q\x00."
DICE = random.Random(7)  # keys of the right form, and of nobody
HUB_TOKEN = "hf_" + "".join(DICE.choices(string.ascii_letters + string.digits, k=34))
AWS_KEY = "AKIA" + "".join(DICE.choices(string.ascii_uppercase + "234567", k=16))


def prefix(length: int) -> Any:
    """Overwrite the header's length."""

    def change(draft: Draft) -> None:
        raw = (draft.path / shard(draft)).read_bytes()
        draft.write(shard(draft), length.to_bytes(8, "little") + raw[8:])

    return change


def entry(change: Any) -> Any:
    """Change the first entry of the first shard's header."""

    def apply(header: dict[str, Any]) -> None:
        name = next(name for name in header if name != "__metadata__")
        change(header[name])

    return lambda draft: draft.header(shard(draft), apply)


def move(by: int) -> Any:
    """Move the range of one tensor, keeping its length."""

    def change(found: dict[str, Any]) -> None:
        start, end = found["data_offsets"]
        found["data_offsets"] = [start + by, end + by]

    return entry(change)


def twice(draft: Draft) -> None:
    """Name one tensor twice in a header."""
    raw = (draft.path / shard(draft)).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    name = largest(draft)
    text = f'{{"{name}":{json.dumps(header[name])},' + json.dumps(header)[1:]
    padded = text.encode() + b" " * (-len(text) % 8)
    draft.write(shard(draft), len(padded).to_bytes(8, "little") + padded + raw[8 + length :])


def metadata(draft: Draft) -> None:
    """Say that another framework wrote the weights."""
    draft.header(shard(draft), lambda header: header.update({"__metadata__": {"format": "mlx"}}))


def outward_link(draft: Draft) -> None:
    """Replace a file by a link to the same thing elsewhere."""
    target = Path(__file__).resolve()
    (draft.path / "notes.txt").symlink_to(os.path.relpath(target, draft.path.resolve()))


LAST = "model-00003-of-00003.safetensors"

FAULTS = (
    Fault("F101", "a header of a terabyte", prefix(1 << 40), shard),
    Fault("F101", "a header longer than its file", prefix(50_000_000), shard),
    Fault("F101", "a header of no bytes", prefix(0), shard),
    Fault("F102", "a header cut in its middle", prefix(100), shard),
    Fault("F102", "a tensor named twice", twice, shard),
    Fault("F102", "a dtype nobody knows", entry(lambda e: e.update(dtype="F5")), shard),
    Fault("F102", "a negative dimension", entry(lambda e: e.update(shape=[-1])), shard),
    Fault("F103", "a shape of other bytes", entry(lambda e: e.update(shape=[3, 5])), largest),
    Fault("F104", "a range moved forward", move(8), shard),
    Fault("F105", "a copy that stopped early", lambda d: d.truncate(shard(d), 100), shard, EVERY),
    Fault(
        "F105",
        "bytes after the last tensor",
        lambda d: d.write(shard(d), (d.path / shard(d)).read_bytes() + b"\0" * 16),
        shard,
    ),
    Fault("F106", "weights left in git-LFS", lambda d: d.write(shard(d), POINTER), shard),
    Fault("F106", "an empty shard", lambda d: d.write(shard(d), b""), shard),
    Fault(
        "F106",
        "a tokenizer left in git-LFS",
        lambda d: d.write("tokenizer.json", POINTER),
        "tokenizer.json",
    ),
    Fault("F107", "an index that is cut", lambda d: d.truncate(INDEX, 40), INDEX, SHARDED),
    Fault("F107", "an empty weight_map", lambda d: d.edit(INDEX, "weight_map", {}), INDEX, SHARDED),
    Fault(
        "F107",
        "an index that leads out of the folder",
        lambda d: index_entry(d, lambda names: names.update({largest(d): "../x.safetensors"})),
        INDEX,
        SHARDED,
    ),
    Fault(
        "F108",
        "a tensor that the index forgot",
        lambda d: index_entry(d, lambda names: names.pop(largest(d))),
        largest,
        SHARDED,
    ),
    Fault(
        "F109",
        "the index names another shard",
        lambda d: index_entry(d, lambda names: names.update({largest(d): d.shards()[1]})),
        largest,
        SHARDED,
    ),
    Fault("F110", "the last shard was not uploaded", lambda d: d.remove(LAST), LAST, ("demo",)),
    Fault(
        "F111",
        "an adapter beside the weights",
        lambda d: d.write("old.safetensors", (d.path / shard(d)).read_bytes()),
        "old.safetensors",
        SHARDED,
    ),
    Fault("F113", "the index was not uploaded", lambda d: d.remove(INDEX), INDEX, SHARDED),
    Fault(
        "F114",
        "a total_size of another export",
        lambda d: d.edit(INDEX, "metadata.total_size", 12_345),
        INDEX,
        SHARDED,
    ),
    Fault(
        "F115",
        "pickled weights beside the others",
        lambda d: d.write("pytorch_model.bin", PICKLE),
        "pytorch_model.bin",
    ),
    Fault(
        "F115",
        "a pickle under another name",
        lambda d: d.write("extras.dat", PICKLE + bytes(64)),
        "extras.dat",
    ),
    Fault(
        "F116",
        "the trainer's state",
        lambda d: d.write("trainer_state.json", "{}"),
        "trainer_state.json",
    ),
    Fault(
        "F116",
        "a folder of a training run",
        lambda d: d.write("wandb/run-1/config.yaml", "a: 1\n"),
        "wandb/",
    ),
    Fault("F116", "a GGUF file", lambda d: d.write("model.gguf", b"GGUF\3"), "model.gguf"),
    Fault("F117", "a link that leads outside", outward_link, "notes.txt"),
    Fault("F118", "a Finder file", lambda d: d.write(".DS_Store", b"\0\0\0\1Bud1"), ".DS_Store"),
    Fault("F118", "an environment file", lambda d: d.write(".env", "A=1\n"), ".env"),
    Fault(
        "F118",
        "two names that differ by case",
        lambda d: d.write("Config.json", "{}"),
        "config.json",
    ),
    Fault(
        "F120",
        "a Hub token in the config",
        lambda d: d.config("notes", f"token {HUB_TOKEN}"),
        "config.json",
    ),
    Fault(
        "F120",
        "a cloud key in a text file",
        lambda d: d.write("train.sh", f"export AWS_ACCESS_KEY_ID={AWS_KEY}\n"),
        "train.sh",
    ),
    Fault(
        "F121",
        "a path of the training machine",
        lambda d: d.config("_name_or_path", "/home/ann/models/base"),
        "_name_or_path",
    ),
    Fault("F122", "weights for another framework", metadata, shard),
    Fault(
        "F122",
        "names of a compiled model",
        lambda d: [d.rename(name, f"_orig_mod.{name}") for name in d.tensors()],
        shard,
        ("llama-nvfp4",),
    ),
)
