"""What a person wrote into release.toml that gets old: when it was last looked at, and of what."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec

from release.facts.minimum import Minimum

PATCH = "999"  # stands for a release after the one that a specifier names


class Dated(msgspec.Struct, frozen=True):
    """An entry of the manifest by its place. `affected` is a specifier as pip writes it."""

    place: str
    as_of: date
    engine: str
    affected: str | None = None
    fixed: str | None = None


def provide_dated() -> tuple[Dated, ...]:
    """None, where no release.toml was given."""
    return ()


def provide_today() -> date:
    """The day on which this is judged."""
    return datetime.now(UTC).date()


class Served(msgspec.Struct, frozen=True):
    """The releases of an engine that serve the checkpoint: from `oldest`, below `before`."""

    oldest: str | None = None
    before: str | None = None

    def __str__(self) -> str:
        """`from 0.19.1 on`, `before 0.32`."""
        parts = (self.oldest and f"from {self.oldest} on", self.before and f"before {self.before}")
        return " and ".join(filter(None, parts))


def served_by(minimum: Minimum | None, engine: str) -> Served:
    """The releases of an engine, however it is spelt, that serve the checkpoint; else all."""
    if minimum is None:
        return Served()
    known = {
        "vllm": Served(minimum.version, minimum.before),
        "transformers": Served(minimum.transformers),
        "compressed-tensors": Served(minimum.compressed_tensors),
    }
    return known.get(engine.strip().lower(), Served())


def specifier(versions: str | None) -> str | None:
    """Versions as pip writes them; one alone is of its whole series. None for words."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    if versions is None:
        return None
    try:
        return f"=={Version(versions)}.*"
    except InvalidVersion:
        pass
    try:
        return str(SpecifierSet(versions))
    except InvalidSpecifier:
        return None


def concerns(affected: str | None, fixed: str | None, served: Served) -> bool:
    """Whether any release that serves the checkpoint is affected and older than `fixed`.

    Raises `ValueError` for what is no specifier or no version.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - few manifests need it
    from packaging.version import Version  # noqa: PLC0415

    specifiers = SpecifierSet(affected or "")
    lowest = Version(served.oldest or "0")
    ends = [Version(end) for end in (fixed, served.before) if end is not None]
    candidates = [lowest, *map(Version, _around(str(specifiers)))]
    return any(
        specifiers.contains(version, prereleases=True)
        and version >= lowest
        and all(version < end for end in ends)
        for version in candidates
    )


def _around(specifiers: str) -> Iterator[str]:
    """The releases that a specifier names, and one after each."""
    for part in filter(None, specifiers.split(",")):
        version = part.lstrip("<>=!~ ").removesuffix(".*")
        yield version
        yield f"{version}.{PATCH}"
