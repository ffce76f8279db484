"""What a repository holds at a revision: one commit, and its files as the Hub lists them."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

import msgspec
from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile, RepoFolder

from release.errors import ReleaseError
from release.hub.client import Patience
from release.hub.refusals import one_line
from release.hub.remote_file import RemoteFile

MOST = 100_000
"""Files; a listing that goes on is no checkpoint's."""
FIRST_WAITS = (0.25, 1.0)
"""Seconds between attempts to reach the Hub at all: a name typed wrong is told soon."""
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON may hold what no encoding takes
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MISFORMED = (AttributeError, KeyError, TypeError)  # what the client raises: it trusts answers

Result = TypeVar("Result")


class Listing(msgspec.Struct, frozen=True):
    """Files by path at the commit that a revision named. What they hold is claimed, not proven."""

    repository: str
    commit: str
    files: dict[str, RemoteFile]


def list_files(repository: str, revision: str | None, patience: Patience) -> Listing:
    """Resolve a revision (None: the main branch) to its commit, once, and list that.

    Raises `ReleaseError` for whatever the Hub or the network refuses, as one line.
    """
    api = HfApi()
    asked = f"{repository}@{revision}" if revision else repository
    with one_line(asked, "" if revision else "nor is there a folder of that name"):
        limit = patience.answer
        first = msgspec.structs.replace(patience, waits=FIRST_WAITS)
        info = _call(first, lambda: api.model_info(repository, revision=revision, timeout=limit))
        commit = info.sha
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise ReleaseError("the Hub names no commit for this revision", where=asked)
        files = _call(
            patience,
            lambda: take_files(
                api.list_repo_tree(repository, recursive=True, revision=commit), asked
            ),
        )
    return Listing(info.id if isinstance(info.id, str) else repository, commit, files)


def take_files(entries: Iterable[RepoFile | RepoFolder], where: str) -> dict[str, RemoteFile]:
    """Read a listing to its end. Raises `ReleaseError` for one without end, or of odd entries."""
    taken = list(islice(entries, MOST))
    if len(taken) == MOST:
        raise ReleaseError(f"the Hub lists {MOST:,} files or more", where=where)
    return {entry.path: _file(entry, where) for entry in taken if isinstance(entry, RepoFile)}


def _call(patience: Patience, ask: Callable[[], Result]) -> Result:
    try:
        return patience.again(ask)
    except _MISFORMED as error:
        raise ReleaseError(f"the Hub's answer has another form: {type(error).__name__}") from error


def _file(entry: RepoFile, where: str) -> RemoteFile:
    if not isinstance(entry.path, str) or _SURROGATE.search(entry.path):
        raise ReleaseError("the Hub lists a file whose name is no text", where=where)
    if type(entry.size) is not int or entry.size < 0:
        raise ReleaseError("the Hub lists a file without a size", where=where)
    return RemoteFile(entry.size, str(entry.blob_id), entry.lfs.sha256 if entry.lfs else None)
