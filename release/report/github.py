"""The report as GitHub workflow commands: each finding becomes an annotation of the run."""

from release.report import Report
from release.report.fold import Folded, fold
from release.report.verdict import judge
from release.text import printable

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def write(report: Report, *, color: bool, strict: bool) -> str:  # noqa: ARG001 - one signature for all
    """Write one line a folded finding, worst first: GitHub shows ten of a kind in a step."""
    verdict = judge(report, strict=strict)
    last = f"release verify {report.checkpoint.name}: {verdict.word}: {verdict.text}"
    return "\n".join([*map(_annotation, fold(report.findings)), _message(last)])


def _annotation(folded: Folded) -> str:
    finding = folded.first
    times = f" ×{folded.count:,}" if folded.count > 1 else ""
    properties = {"title": f"{finding.rule} {finding.name}{times}"}
    if finding.where.line:
        properties = {"line": str(finding.where.line), **properties}
    if finding.where.file:
        properties = {"file": finding.where.file, **properties}
    fields = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = f"{folded.place}: {finding.message}"
    if finding.fix:
        text = f"{text}; fix: {finding.fix}"
    return f"::{COMMANDS[finding.severity]} {fields}::{_message(text)}"


def _message(text: str) -> str:
    """Text that ends no command and starts none: the runner also obeys `##[` within a line."""
    return printable(text).replace("%", "%25").replace("##[", "# #[")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
