"""The report: findings, facts, what was not checked. It goes from `verify` to `card` and `push`."""

from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint.source import Origin
from release.errors import ReleaseError
from release.facts.identity import FileDigest
from release.rules import SEVERITIES, Finding
from release.rules.runner import NotChecked
from release.whole import write_whole

SCHEMA = 1
REPORT_FILE = Path(".release/report.json")
DONE, NOT_RUN = "done", "not run"
CLEAN, FOUND, UNCHECKED = 0, 1, 3


class Tool(msgspec.Struct, frozen=True):
    """What wrote the report."""

    name: str
    version: str


class Subject(msgspec.Struct, frozen=True):
    """The checkpoint the report is about; `digest` is over the sha256 of all `files`.

    `origin` says which commit on the Hub it was read from, None for a folder.
    """

    name: str
    digest: str | None
    files: tuple[FileDigest, ...]
    origin: Origin | None = None

    @property
    def title(self) -> str:
        """What a heading names it: a commit on the Hub too, `owner/name@0123456789ab`."""
        return f"{self.name}@{self.origin.commit[:12]}" if self.origin else self.name


class Suppressed(Finding, frozen=True):
    """A finding that the manifest allows, and why."""

    reason: str


class Report(msgspec.Struct, frozen=True):
    """report.json, schema 1. Sizes in bytes, times in seconds, nothing of the machine's paths.

    `checked` are the codes of the rules that judged; each other rule is in `not_checked`.
    """

    schema: int
    tool: Tool
    checkpoint: Subject
    levels: dict[str, str]
    checked: tuple[str, ...]
    summary: dict[str, int]
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    not_checked: tuple[NotChecked, ...]
    facts: dict[str, Any]
    environment: dict[str, str]
    timings: dict[str, float]

    def exit_code(self, *, strict: bool = False) -> int:
        """0 clean, 1 findings, 3 something required could not be checked."""
        failing = self.summary["error"] + (self.summary["warning"] if strict else 0)
        if failing:
            return FOUND
        return UNCHECKED if any(entry.required for entry in self.not_checked) else CLEAN


def summarise(findings: tuple[Finding, ...]) -> dict[str, int]:
    """Count findings by severity."""
    return {level: sum(f.severity == level for f in findings) for level in SEVERITIES}


def save_report(report: Report, path: Path) -> None:
    """Write a report as JSON, whole or not at all. Raises `ReleaseError`."""
    try:
        write_whole(path, encode_report(report))
    except OSError as error:
        raise ReleaseError(f"cannot be written: {error.strerror}", where=str(path)) from None


def encode_report(report: Report) -> bytes:
    """Encode a report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def load_report(path: Path) -> Report:
    """Read a report. Raises `ReleaseError` if it is missing, broken or of another schema."""
    hint = "verify again with this version"
    try:
        raw = path.read_bytes()
        schema = msgspec.json.decode(raw, type=_Versioned).schema
        if schema != SCHEMA:
            raise ReleaseError(f"has schema {schema}, not {SCHEMA}", where=path.name, hint=hint)
        return msgspec.json.decode(raw, type=Report)
    except OSError:
        hint = "run `release verify CKPT` first"
        raise ReleaseError("there is no report", where=path.name, hint=hint) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ReleaseError(f"is not a report: {error}", where=path.name, hint=hint) from None


class _Versioned(msgspec.Struct, frozen=True):
    """What every schema of a report has."""

    schema: int
