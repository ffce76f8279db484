"""What the checkpoint itself tells about the release: its groups, recipe, files, findings."""

from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint import Checkpoint
from release.facts import Facts, Level
from release.facts.method import Method
from release.facts.precision import Precision
from release.publish.selection import select_files
from release.report import Report
from release.tables import layers_text
from release.unknown import Unknown


class Row(msgspec.Struct, frozen=True):
    """A group, or a dtype, that deserves a reason, and what is in it."""

    key: str
    scheme: str
    layers: str


class Accepted(msgspec.Struct, frozen=True):
    """A finding of the last report that may be accepted: its rule, places and message."""

    rule: str
    where: str
    message: str


class Subject(msgspec.Struct, frozen=True):
    """The checkpoint and what is proposed from it. `folder` is how release.toml names it."""

    checkpoint: Checkpoint
    folder: str
    rows: tuple[Row, ...]
    methods: tuple[str, ...]
    calibrated: bool
    chat: bool
    left_out: tuple[str, ...]
    warnings: tuple[Accepted, ...]


def study(checkpoint: Checkpoint, folder: Path, report: Report | None) -> Subject:
    """Read what headers and side files tell; the report only if it is about this checkpoint."""
    facts = Facts({"checkpoint": checkpoint}, Level.HEADERS)
    precision: tuple[Precision, ...] | Unknown = facts.get("precision")
    method: Method | Unknown = facts.get("method")
    selection = select_files(checkpoint, ())
    return Subject(
        checkpoint=checkpoint,
        folder=folder.as_posix(),
        rows=() if isinstance(precision, Unknown) else tuple(map(_row, precision)),
        methods=() if isinstance(method, Unknown) else method.names,
        calibrated=_is_calibrated(facts.get("quantization")),
        chat=any(
            name in checkpoint.files for name in ("chat_template.jinja", "chat_template.json")
        ),
        left_out=tuple(
            entry.path for entry in selection.left_out if entry.path in checkpoint.files
        ),
        warnings=_warnings(report, checkpoint),
    )


def _row(row: Precision) -> Row:
    return Row(row.group or row.scheme, row.scheme, layers_text(row.layers))


def _is_calibrated(quantization: Any) -> bool:
    """Whether activations have scales that some data gave them."""
    if isinstance(quantization, Unknown):
        return False
    inputs = [group.input_activations for group in quantization.groups]
    return any(args is not None and args.dynamic is not True for args in inputs)


def _warnings(report: Report | None, checkpoint: Checkpoint) -> tuple[Accepted, ...]:
    """Findings that a person may accept: no errors, those are to be mended."""
    if report is None or report.checkpoint.name != checkpoint.name:
        return ()
    found = [finding for finding in report.findings if finding.severity == "warning"]
    return tuple(
        {f.rule: Accepted(f.rule, str(f.where), f.message) for f in reversed(found)}.values()
    )
