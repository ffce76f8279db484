"""The small text files of a checkpoint, for rules that look for what must not be published."""

import msgspec

from release.checkpoint import Checkpoint
from release.errors import CheckpointError

SUFFIXES = (
    ".json",
    ".jinja",
    ".yaml",
    ".yml",
    ".md",
    ".txt",
    ".py",
    ".toml",
    ".cfg",
    ".ini",
    ".sh",
    ".log",
    ".jsonl",
    ".ipynb",
)
NAMES = (".env", ".netrc", ".git-credentials", "LICENSE", "NOTICE")
TEXT_CAP = 8 << 20
VOCABULARIES = {"tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json"}


class Texts(msgspec.Struct, frozen=True):
    """Text files up to 8 MiB by path, vocabularies apart: their entries are not prose.

    `headers` holds the free metadata of each shard. `skipped` are text files left out, with why.
    """

    files: dict[str, str]
    vocabularies: dict[str, str]
    headers: dict[str, dict[str, str]]
    skipped: dict[str, str]


def provide_texts(checkpoint: Checkpoint) -> Texts:
    """Read every text file that is small enough."""
    files: dict[str, str] = {}
    vocabularies: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for name, info in checkpoint.files.items():
        if not is_text(name) or name.endswith(".index.json"):
            continue
        if info.size > TEXT_CAP:
            skipped[name] = f"{info.size:,} bytes"
            continue
        try:
            is_vocabulary = name.rpartition("/")[2] in VOCABULARIES
            (vocabularies if is_vocabulary else files)[name] = checkpoint.read_text(name)
        except CheckpointError as error:
            skipped[name] = error.what
    headers = {name: header.metadata for name, header in checkpoint.shards.items()}
    return Texts(files, vocabularies, headers, skipped)


def is_text(name: str) -> bool:
    """Whether a file is text by its name."""
    return name.endswith(SUFFIXES) or name.rpartition("/")[2] in NAMES
