"""Entries of release.toml that still concern the versions a card names."""

from collections.abc import Callable
from typing import Any

from release.facts.dated import Dated, concerns, served_by
from release.facts.minimum import Minimum
from release.manifest import Manifest
from release.report import Report
from release.tables import is_known


def relevance(manifest: Manifest, report: Report) -> Callable[[str], bool]:
    """Whether the entry at a place of the manifest is about a release that the card allows.

    Of engines whose releases are not known, every entry is.
    """
    raw: Any = report.facts.get("minimum_vllm")
    known = raw is not None and is_known(raw)
    minimum = Minimum(**{key: raw.get(key) for key in Minimum.__struct_fields__}) if known else None
    entries: dict[str, Dated] = {entry.place: entry for entry in manifest.dated}

    def is_relevant(place: str) -> bool:
        entry = entries[place]
        return concerns(entry.affected, entry.fixed, served_by(minimum, entry.engine))

    return is_relevant
