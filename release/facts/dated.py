"""What a person wrote into release.toml that gets old: when it was last looked at, and of what."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec

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


def concerns(affected: str | None, fixed: str | None, oldest: str | None) -> bool:
    """Whether any release from `oldest` on is affected and older than `fixed`.

    Raises `ValueError` for what is no specifier or no version.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - few manifests need it
    from packaging.version import Version  # noqa: PLC0415

    specifiers = SpecifierSet(affected or "")
    lowest = Version(oldest) if oldest else Version("0")
    candidates = [lowest, *map(Version, _around(str(specifiers)))]
    return any(
        specifiers.contains(version, prereleases=True)
        and version >= lowest
        and (fixed is None or version < Version(fixed))
        for version in candidates
    )


def _around(specifiers: str) -> Iterator[str]:
    """The releases that a specifier names, and one after each."""
    for part in filter(None, specifiers.split(",")):
        version = part.lstrip("<>=!~ ").removesuffix(".*")
        yield version
        yield f"{version}.{PATCH}"
