"""What can be known of the base: from its card, from where it lies, from the checkpoint's files."""

import re
from pathlib import Path
from typing import Any

import msgspec

from release.audit.vocabulary import vocabulary
from release.card.vocabulary import LANGUAGE
from release.checkpoint import Checkpoint, open_checkpoint
from release.checkpoint.folder import Folder
from release.checkpoint.location import Location
from release.errors import CheckpointError
from release.facts.identity import CARD_FILE
from release.front_matter import split_card
from release.manifest import REPO_ID

HEADER_CAP = 64 << 10  # characters
CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)/snapshots/([0-9a-f]{40})")


class Origin(msgspec.Struct, frozen=True):
    """The base: its repo id and commit, and what its card says. None: not known."""

    model: str | None = None
    revision: str | None = None
    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    pipeline_tag: str | None = None
    language: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()


def find_origin(checkpoint: Checkpoint, base: Location | None) -> Origin:
    """Ask the base, if one is named; else what the checkpoint's own files say of it.

    Raises `ReleaseError` for a base that cannot be opened.
    """
    if base is None:
        return _told_by(checkpoint)
    opened = open_checkpoint(base)
    header = read_header(opened)
    model, revision = _named(opened, base)
    return Origin(
        model=model,
        revision=revision,
        license=_text(header, "license"),
        license_name=_text(header, "license_name"),
        license_link=_text(header, "license_link"),
        pipeline_tag=_task(header),
        language=_languages(header),
        parents=tuple(name for name in _texts(header, "base_model") if REPO_ID.fullmatch(name)),
        datasets=_texts(header, "datasets"),
    )


def read_header(checkpoint: Checkpoint) -> dict[str, Any]:
    """The YAML at the top of a card, {} where there is none that can be read."""
    import yaml  # noqa: PLC0415 - not needed by most commands

    if CARD_FILE not in checkpoint.files:
        return {}
    try:
        header, _ = split_card(checkpoint.read_text(CARD_FILE)[:HEADER_CAP])
        loaded = yaml.safe_load(header or "")
    except (CheckpointError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _told_by(checkpoint: Checkpoint) -> Origin:
    """llm-compressor keeps the name that the base was loaded by, where it keeps any."""
    header = read_header(checkpoint)
    config = checkpoint.config.value if checkpoint.config else {}
    names = (*_texts(header, "base_model"), config.get("_name_or_path"))
    model = next((n for n in names if isinstance(n, str) and REPO_ID.fullmatch(n)), None)
    return Origin(
        model=model,
        license=_text(header, "license"),
        license_name=_text(header, "license_name"),
        license_link=_text(header, "license_link"),
        language=_languages(header),
    )


def _named(checkpoint: Checkpoint, base: Location) -> tuple[str | None, str | None]:
    """Repo id and commit: of the Hub, or of a folder in its cache."""
    if not isinstance(base, Path):
        commit = getattr(checkpoint.source, "commit", None)
        return base.repository, commit if isinstance(commit, str) else None
    folder = checkpoint.source
    place = base.resolve() if isinstance(folder, Folder) else base
    cached = CACHED.search(place.as_posix())
    return (f"{cached[1]}/{cached[2]}", cached[3]) if cached else (None, None)


def _task(header: dict[str, Any]) -> str | None:
    """The task, if it is one that a header can have."""
    task = _text(header, "pipeline_tag")
    return task if task in vocabulary().tasks.split() else None


def _languages(header: dict[str, Any]) -> tuple[str, ...]:
    return tuple(code for code in _texts(header, "language") if LANGUAGE.fullmatch(code))


def _text(header: dict[str, Any], key: str) -> str | None:
    value = header.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _texts(header: dict[str, Any], key: str) -> tuple[str, ...]:
    value = header.get(key)
    values = value if isinstance(value, list) else [value]
    return tuple(entry for entry in values if isinstance(entry, str) and entry.strip())
