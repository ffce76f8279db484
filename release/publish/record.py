"""release-manifest.json: what a release consists of, kept on the Hub beside its files."""

from collections.abc import Sequence

import msgspec

from release.publish.files import HeldFile, ReleaseFile
from release.report import Report, Tool

SCHEMA = 1


class RecordedFile(msgspec.Struct, frozen=True):
    """A published file; `git_sha1` is what the Hub calls it where git itself keeps it."""

    path: str
    size: int
    sha256: str
    git_sha1: str | None = None


class Record(msgspec.Struct, frozen=True):
    """What was published: every file but the record itself and the signature over it.

    `digest`, `levels` and `summary` are the report's. It says no time: the same release has the
    same record.
    """

    schema: int
    tool: Tool
    digest: str
    levels: dict[str, str]
    summary: dict[str, int]
    files: tuple[RecordedFile, ...]

    def of(self, path: str) -> RecordedFile | None:
        """Give what is recorded of a file."""
        return next((file for file in self.files if file.path == path), None)


def write_record(report: Report, files: Sequence[ReleaseFile]) -> bytes:
    """Write the record of a release. The same report and files give the same bytes."""
    listed = sorted((_recorded(file) for file in files), key=lambda file: file.path)
    record = Record(
        schema=SCHEMA,
        tool=report.tool,
        digest=report.checkpoint.digest or "",
        levels=report.levels,
        summary=report.summary,
        files=tuple(listed),
    )
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def read_record(content: bytes) -> Record | None:
    """Read a record, whoever wrote it; None for one that says nothing to us."""
    try:
        record = msgspec.json.decode(content, type=Record)
    except (msgspec.DecodeError, RecursionError):
        return None
    return record if record.schema == SCHEMA else None


def _recorded(file: ReleaseFile) -> RecordedFile:
    name = file.git_sha1() if isinstance(file, HeldFile) else None
    return RecordedFile(file.path, file.size, file.sha256, name)
