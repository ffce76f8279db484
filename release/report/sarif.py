"""The report as SARIF 2.1.0, which code scanning services read."""

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from release.report import Report, Suppressed
from release.report.fold import NAMED, Folded, fold
from release.rules import Where
from release.rules.catalogue import all_rules
from release.rules.runner import NotChecked

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
FOLDER = "CHECKPOINT"
WHOLE = "."


def write(report: Report, *, color: bool, strict: bool) -> str:  # noqa: ARG001 - one signature for all
    """Write one SARIF log with one run; places are relative to the checkpoint's folder.

    Folded as for people: services refuse files of 10 MB, and results beyond the first thousands.
    """
    findings = (*fold(report.findings), *fold(report.suppressed))
    codes = sorted({folded.first.rule for folded in findings})
    run = {
        "tool": {"driver": _driver(report, codes)},
        "originalUriBaseIds": {FOLDER: {"description": {"text": report.checkpoint.title}}},
        "invocations": [_invocation(report, strict=strict)],
        "artifacts": [
            {
                "location": _artifact(file.path),
                "length": file.size,
                **({"hashes": {"sha-256": file.sha256}} if file.sha256 else {}),
            }
            for file in report.checkpoint.files
        ],
        "results": [_result(folded, codes.index(folded.first.rule)) for folded in findings],
        "columnKind": "unicodeCodePoints",
    }
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode()


def _driver(report: Report, codes: list[str]) -> dict[str, Any]:
    rules = {rule.code: rule for rule in all_rules()}
    return {
        "name": report.tool.name,
        "version": report.tool.version,
        "rules": [
            {
                "id": code,
                "name": rules[code].name,
                "shortDescription": {"text": rules[code].title},
                "fullDescription": {"text": rules[code].page},
                "help": {"text": rules[code].page},
            }
            for code in codes
        ],
    }


def _invocation(report: Report, *, strict: bool) -> dict[str, Any]:
    return {
        "executionSuccessful": True,
        "exitCode": report.exit_code(strict=strict),
        "toolExecutionNotifications": [_notification(entry) for entry in report.not_checked],
    }


def _notification(entry: NotChecked) -> dict[str, Any]:
    return {
        "level": "warning" if entry.required else "note",
        "message": {"text": f"not checked: {entry.what}: {entry.reason}"},
    }


def _result(folded: Folded, position: int) -> dict[str, Any]:
    finding = folded.first
    result = {
        "ruleId": finding.rule,
        "ruleIndex": position,
        "level": LEVELS[finding.severity],
        "message": {"text": "\n".join(_lines(folded))},
        "locations": [_location(finding.where)],
        "partialFingerprints": {"place/v1": _fingerprint(folded)},
    }
    if folded.count > 1:
        result["occurrenceCount"] = folded.count
    if isinstance(finding, Suppressed):
        result["suppressions"] = [{"kind": "external", "justification": finding.reason}]
    return result


def _lines(folded: Folded) -> Iterator[str]:
    yield folded.first.message
    if folded.first.fix:
        yield f"fix: {folded.first.fix}"
    if folded.count > 1:
        more = len(folded.others) - NAMED
        names = ", ".join((folded.place, *folded.others[:NAMED]))
        tail = f" and {more:,} more" if more > 0 else ""
        yield f"×{folded.count:,}: {names}{tail}"


def _location(where: Where) -> dict[str, Any]:
    """Name a file even where the finding is about the whole: services drop results without."""
    parts = {"module": where.module, "variable": where.tensor, "member": where.path}
    logical = [{"fullyQualifiedName": name, "kind": kind} for kind, name in parts.items() if name]
    place: dict[str, Any] = {"artifactLocation": _artifact(where.file or WHOLE)}
    if where.line:
        place["region"] = {"startLine": where.line}
    physical = {"physicalLocation": place}
    return {**physical, "logicalLocations": logical} if logical else physical


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path, errors="replace"), "uriBaseId": FOLDER}


def _fingerprint(folded: Folded) -> str:
    place = folded.first.where if folded.count == 1 else folded.place
    return hashlib.sha256(msgspec.json.encode((folded.first.rule, place))).hexdigest()
