"""What a user names a checkpoint by: a folder, or a repository on the Hub."""

import os
import re
from pathlib import Path

from release.checkpoint.hub import HubRevision
from release.errors import ReleaseError

Location = Path | HubRevision

SCHEME = "hf://"
_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_REPOSITORY = re.compile(rf"({_NAME}/{_NAME})(?:@([\w.+-][\w.+/-]{{0,199}}))?", re.ASCII)
_PAGE = re.compile(
    rf"https?://([^/\s]+)/({_NAME}/{_NAME})(?:/(?:tree|commit|blob|resolve)/([\w.+%-]+)(?:/.*)?)?/?",
    re.ASCII,
)
_HOSTS = ("huggingface.co", "hf.co")


def parse_location(text: str) -> Location:
    """Read `owner/name[@revision]`, `hf://…` or the address of a page as a revision, else a path.

    What is there on this machine is a path, and so is what starts with `.` or `/`. Raises
    `ReleaseError` for a broken `hf://…`.
    """
    if text.startswith(SCHEME):
        named = _REPOSITORY.fullmatch(text.removeprefix(SCHEME).removesuffix("/"))
        if named is None:
            raise ReleaseError(f"is not {SCHEME}owner/name[@revision]", where=text)
        return _revision(named[1], named[2])
    page = _PAGE.fullmatch(text)
    if page and page[1] in (*_HOSTS, os.environ.get("HF_ENDPOINT", "").rpartition("/")[2]):
        return _revision(page[2], page[3])
    named = _REPOSITORY.fullmatch(text.removesuffix("/"))  # a shell completes what is a folder too
    path = Path(text)
    if named is None or _is_there(path):
        return path
    return _revision(named[1], named[2])


def spell_location(place: Location) -> str:
    """Write a place so that it is read as the same one, whatever will be on this machine."""
    return f"{SCHEME}{place}" if isinstance(place, HubRevision) else str(place)


def _revision(repository: str, revision: str | None) -> HubRevision:
    from urllib.parse import unquote  # noqa: PLC0415 - for names on the Hub only

    return HubRevision(repository, unquote(revision) if revision else None)


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError:
        return True
