"""The report as Markdown: for a pull request, an issue, or a CI job's summary."""

from collections.abc import Iterator

from release.report import Report
from release.report.fold import Folded, fold, fold_reasons
from release.report.verdict import judge
from release.text import code_span, markdown
from release.units import binary_bytes, decimal_bytes, parameters


def write(report: Report, *, color: bool, strict: bool) -> str:  # noqa: ARG001 - one signature for all
    """Write a heading with the verdict, the findings as a table, and what was not checked."""
    verdict = judge(report, strict=strict)
    lines = [
        f"## {code_span(report.checkpoint.title)} {verdict.word}",
        "",
        f"{verdict.text}{_size(report)}.",
        *_findings(report),
        *_suppressed(report),
        *_unchecked(report),
    ]
    return "\n".join(lines)


def _size(report: Report) -> str:
    weights = report.facts.get("weights", {})
    if "parameters" not in weights:
        return ""
    size = weights["total_bytes"]
    count = parameters(weights["parameters"])
    return f"; {count} parameters, {decimal_bytes(size)} ({binary_bytes(size)}) of tensors"


def _findings(report: Report) -> Iterator[str]:
    folded = fold(report.findings)
    if not folded:
        return
    yield from ("", "| Finding | Where | What | Fix |", "| --- | --- | --- | --- |")
    yield from map(_row, folded)


def _row(folded: Folded) -> str:
    finding = folded.first
    times = f" ×{folded.count:,}" if folded.count > 1 else ""
    name = f"**{finding.severity}** {finding.rule} {finding.name}{times}"
    where = code_span(folded.place)
    return f"| {name} | {where} | {markdown(finding.message)} | {markdown(finding.fix)} |"


def _suppressed(report: Report) -> Iterator[str]:
    if not report.suppressed:
        return
    yield from ("", "### Allowed", "")
    for entry in report.suppressed:
        yield f"- {entry.rule} at {code_span(str(entry.where))}: {markdown(entry.reason)}"


def _unchecked(report: Report) -> Iterator[str]:
    if not report.not_checked:
        return
    yield from ("", "<details><summary>Not checked</summary>", "")
    for reason, what in fold_reasons(report.not_checked).items():
        yield f"- {markdown(what)}: {markdown(reason)}"
    yield from ("", "</details>")
