"""Which releases of a package there are, as data with the day it was looked up."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from packaging.version import InvalidVersion, Version

DATA = Path(__file__).with_name("releases.toml")


class Package(msgspec.Struct, frozen=True):
    """A package and all its releases, newest first."""

    name: str
    versions: str


class Releases(msgspec.Struct, frozen=True):
    """What the package index listed on a day."""

    as_of: date
    package: tuple[Package, ...]


@cache
def releases() -> Releases:
    """Read the data file."""
    return msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8")), Releases)


def exists(package: str, text: str) -> bool | None:
    """Whether a release, or a line of releases as `0.17`, exists; None where it is not known.

    What is newer than the newest that was looked up may have been released since.
    """
    found = next((entry for entry in releases().package if entry.name == package), None)
    if found is None:
        return None
    known = found.versions.split()
    try:
        wanted = Version(text)
        if wanted > Version(known[0]) or wanted.is_prerelease or wanted.is_devrelease:
            return None
    except InvalidVersion:
        return None
    parts = wanted.release
    return any(Version(version).release[: len(parts)] == parts for version in known)


def is_newer(package: str, text: str) -> bool:
    """Whether it is a release after the newest that was looked up."""
    found = next((entry for entry in releases().package if entry.name == package), None)
    try:
        return found is not None and Version(text) > Version(found.versions.split()[0])
    except InvalidVersion:
        return False


def nearest(package: str, text: str, count: int = 3) -> list[str]:
    """The releases around one that there is not."""
    found = next(entry for entry in releases().package if entry.name == package)
    wanted = Version(text)
    known = sorted(map(Version, found.versions.split()))
    below = [version for version in known if version < wanted][-1:]
    above = [version for version in known if version > wanted][: count - 1]
    return [str(version) for version in (*below, *above)]
