"""What the Hub takes: sizes, counts and names (hub docs, "Storage limits", August 2026)."""

from collections import Counter
from collections.abc import Iterable

from release.errors import ReleaseError
from release.publish.files import ReleaseFile
from release.units import decimal_bytes

LARGEST_FILE = 500 * 10**9  # bytes, refused above
ADVISED_FILE = 200 * 10**9  # bytes, discouraged above
FILES = 100_000  # in one repository
ENTRIES = 10_000  # in one folder
LONGEST_NAME = 255  # bytes of one part of a path: what most file systems of readers take


def require_limits(files: Iterable[ReleaseFile], others: Iterable[str]) -> tuple[str, ...]:
    """Raise `ReleaseError` for what the Hub would refuse; give notes on what it advises against.

    `others` are the paths that stay there beside the files.
    """
    files = tuple(files)
    notes = []
    for file in files:
        _require_name(file.path)
        if file.size > LARGEST_FILE:
            what = f"has {decimal_bytes(file.size)}, and the Hub takes no file of more than 500 GB"
            hint = "save it in smaller shards"
            raise ReleaseError(what, where=file.path, hint=hint)
        if file.size > ADVISED_FILE:
            size = decimal_bytes(file.size)
            notes.append(f"{file.path} has {size}: the Hub advises shards below 200 GB")
    paths = [*(file.path for file in files), *others]
    if len(paths) > FILES:
        raise ReleaseError(f"{len(paths):,} files, and the Hub takes at most {FILES:,}")
    folders = Counter(path.rpartition("/")[0] for path in paths)
    for folder, count in folders.items():
        if count > ENTRIES:
            what = f"{count:,} files in one folder, and the Hub takes at most {ENTRIES:,}"
            raise ReleaseError(what, where=folder or ".")
    return tuple(notes)


def _require_name(path: str) -> None:
    parts = path.split("/")
    bad = "\\" in path or not path.isprintable() or {"", ".", "..", ".git"} & {*parts}
    if bad or any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts):
        raise ReleaseError("is no name for a file on the Hub", where=path, hint="rename it")
