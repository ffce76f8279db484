"""What must hold before anything is sent: a report that passes, for these bytes, and its card."""

from itertools import zip_longest
from pathlib import Path

from release.checkpoint import Checkpoint
from release.checkpoint.source import FileInfo
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE, CARD_FILES
from release.manifest import Manifest
from release.publish.files import (
    HeldFile,
    Release,
    ReleaseFile,
    StoredFile,
    hold,
    read,
    read_verified,
)
from release.publish.record import write_record
from release.publish.selection import RECORD_FILE, Selection, select_files
from release.report import CLEAN, DONE, FOUND, UNCHECKED, Report
from release.report.unchanged import recall_stamps, require_unchanged
from release.units import plural
from release.verify import DESELECTED

SHOWN = 3
IN_MEMORY = 10 << 20
"""Bytes; smaller files but the weights are read once, and exactly what was read is sent."""


class GateError(ReleaseError):
    """A gate that is shut. `exit_code` 1: findings, 3: something required was not checked."""

    def __init__(self, what: str, *, exit_code: int, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.exit_code = exit_code


def pass_gate(report: Report, manifest: Manifest, checkpoint: Checkpoint) -> Release:
    """Let a checkpoint through, or raise `ReleaseError`. Cheap checks come first; no network."""
    _require_pass(report, manifest)
    card = _read_card(report, checkpoint)
    selection = select_files(checkpoint, manifest.extra_files)
    require_unchanged(report, checkpoint, recall_stamps(report))
    written = _require_rendered(card, report, manifest, checkpoint)
    levels = ", ".join(level for level, state in report.levels.items() if state == DONE)
    counts = ", ".join(plural(report.summary[level], level) for level in ("error", "warning"))
    files = _files(report, checkpoint, selection, written)
    return Release(
        digest=report.checkpoint.digest or "",
        proof=f"Verified by release {report.tool.version} ({levels}): {counts}.",
        files=(*files, hold(RECORD_FILE, write_record(report, files))),
        left_out=selection.left_out,
    )


def _require_pass(report: Report, manifest: Manifest) -> None:
    for level in manifest.policy.levels:
        if level not in report.levels:
            what = f"policy.levels demands {level!r}, which no report has"
            raise ReleaseError(
                what, where="release.toml", hint=f"known: {', '.join(report.levels)}"
            )
        if report.levels[level] != DONE:
            what = f"the policy demands level {level}: {report.levels[level]}"
            hint = "run `release verify` again, with that level"
            raise GateError(what, where="report.json", hint=hint, exit_code=UNCHECKED)
    _require_every_rule(report)
    strict = manifest.policy.strict
    code = report.exit_code(strict=strict)
    if code == FOUND:
        counted = ("error", "warning") if strict else ("error",)
        counts = " and ".join(plural(report.summary[s], s) for s in counted if report.summary[s])
        hint = "fix them, or allow them in release.toml with a reason, and verify again"
        raise GateError(f"the report has {counts}", where="report.json", hint=hint, exit_code=code)
    if code != CLEAN:
        entry = next(entry for entry in report.not_checked if entry.required)
        what = f"{entry.what} could not be checked: {entry.reason}"
        raise GateError(what, where="report.json", exit_code=code)


def _require_every_rule(report: Report) -> None:
    """A finding that is accepted has a reason in release.toml; an option leaves none."""
    left_out = [entry.what for entry in report.not_checked if entry.reason == DESELECTED]
    if left_out:
        what = f"{plural(len(left_out), 'rule')} {DESELECTED}: {', '.join(left_out[:SHOWN])}"
        hint = "verify again with every rule; release.toml may allow findings, with a reason"
        raise GateError(what, where="report.json", hint=hint, exit_code=UNCHECKED)


def _read_card(report: Report, checkpoint: Checkpoint) -> bytes:
    """Read the card. Raises `ReleaseError` unless it speaks of this report."""
    hint = "run `release card`"
    if CARD_FILE not in checkpoint.files:
        raise ReleaseError("the checkpoint has no card", where=CARD_FILE, hint=hint)
    content = read(checkpoint.folder.path(CARD_FILE), CARD_FILE)
    digest = report.checkpoint.digest
    if digest is None:
        hint = "run `release verify --level bytes`"
        raise ReleaseError("the report holds no hashes of the files", hint=hint)
    if digest.encode() not in content:
        what = "was not rendered from this report: it does not name its digest"
        raise ReleaseError(what, where=CARD_FILE, hint=hint)
    return content


def _require_rendered(
    content: bytes, report: Report, manifest: Manifest, checkpoint: Checkpoint
) -> dict[str, bytes]:
    """Give the card and its files.

    Raises `ReleaseError` unless they are, to the byte, what these two render to.
    """
    from release.card import render_card  # noqa: PLC0415 - a gate that is shut needs no templates

    card = render_card(report, manifest, checkpoint)
    rendered = card.text.encode()
    if content != rendered:
        pairs = zip_longest(content.splitlines(), rendered.splitlines())
        line = next((n for n, (a, b) in enumerate(pairs, start=1) if a != b), 1)
        what = f"line {line} is not what the report and release.toml render to"
        hint = "run `release card` again; words of your own belong into release.toml"
        raise ReleaseError(what, where=CARD_FILE, hint=hint)
    return {CARD_FILE: content} | _require_brought(card.files, checkpoint)


def _require_brought(files: dict[str, str], checkpoint: Checkpoint) -> dict[str, bytes]:
    """Read what a card brings along: all of it, as rendered, and nothing of an older one."""
    contents = {}
    for path in sorted(CARD_FILES - {CARD_FILE}):
        if path not in files and path not in checkpoint.files:
            continue
        there = path in checkpoint.files
        content = read(checkpoint.folder.path(path), path) if there else b""
        if path not in files or content != files[path].encode():
            what = "is not what the report and release.toml render to"
            raise ReleaseError(what, where=path, hint="run `release card` again")
        contents[path] = content
    return contents


def _files(
    report: Report, checkpoint: Checkpoint, selection: Selection, written: dict[str, bytes]
) -> tuple[ReleaseFile, ...]:
    hashes = {file.path: file.sha256 or "" for file in report.checkpoint.files}
    return tuple(
        hold(path, written[path])
        if path in written
        else _file(checkpoint.files[path], checkpoint.folder.path(path), hashes[path])
        for path in selection.paths
    )


def _file(info: FileInfo, place: Path, sha256: str) -> ReleaseFile:
    if info.size > IN_MEMORY or info.path.endswith(".safetensors"):
        return StoredFile(info.path, info.size, sha256, place, info.stamp)
    return HeldFile(info.path, info.size, sha256, read_verified(place, info.path, sha256))
