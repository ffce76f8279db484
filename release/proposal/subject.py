"""What the checkpoint itself tells about the release: its groups, recipe, files, findings."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from release.checkpoint import Checkpoint
from release.facts import Facts, Level
from release.facts.method import SAMPLING, Method
from release.facts.precision import Precision
from release.publish.selection import select_files
from release.quantization.arguments import Args
from release.quantization.config import ConfigGroup, QuantizationConfig
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
    """The checkpoint and what is proposed from it. `folder` is how release.toml names it.

    `from_data` is what of it samples gave: its calibration has a story.
    """

    checkpoint: Checkpoint
    folder: str
    rows: tuple[Row, ...]
    methods: tuple[str, ...]
    from_data: tuple[str, ...] | Unknown
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
        from_data=_from_data(facts.get("quantization"), method),
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


def _from_data(
    quantization: QuantizationConfig | Unknown, method: Method | Unknown
) -> tuple[str, ...] | Unknown:
    """The scales that are fixed ahead, even in part, and the methods that look at samples."""
    if isinstance(quantization, Unknown):
        return quantization
    told = [args for group in quantization.groups for args in _activations(group)]
    kv = quantization.kv_cache_scheme
    found = ["activation scales"] if any(args.dynamic is not True for args in told) else []
    if kv is not None and kv.dynamic is not True:
        found.append("KV scales")
    if isinstance(method, Unknown):
        return tuple(found) or method
    return *found, *(name for name in method.names if name in SAMPLING)


def _activations(group: ConfigGroup) -> Iterator[Args]:
    return (args for args in (group.input_activations, group.output_activations) if args)


def _warnings(report: Report | None, checkpoint: Checkpoint) -> tuple[Accepted, ...]:
    """Findings that a person may accept: no errors, those are to be mended."""
    if report is None or report.checkpoint.name != checkpoint.name:
        return ()
    found = [finding for finding in report.findings if finding.severity == "warning"]
    return tuple(
        {f.rule: Accepted(f.rule, str(f.where), f.message) for f in reversed(found)}.values()
    )
