"""The report for a person at a terminal: worst first, repeated findings folded, one verdict."""

from collections.abc import Iterator

import click

from release.report import Report
from release.report.fold import Folded, fold, fold_reasons
from release.report.verdict import judge
from release.text import printable
from release.units import binary_bytes, decimal_bytes, parameters, plural

COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
VERDICT_COLORS = {"passed": "green", "failed": "red", "unchecked": "yellow"}
SHOWN = 3


def write(report: Report, *, color: bool, strict: bool) -> str:
    """Write the report as text."""
    verdict = judge(report, strict=strict)
    word = click.style(verdict.word, fg=VERDICT_COLORS[verdict.word], bold=True)
    lines = [*_head(report), *_findings(report), *_suppressed(report), *_unchecked(report)]
    text = "\n".join([*lines, f"{word}: {verdict.text}"])
    return text if color else click.unstyle(text)


def _head(report: Report) -> Iterator[str]:
    name = click.style(printable(report.checkpoint.name), bold=True)
    model, weights = report.facts.get("model", {}), report.facts.get("weights", {})
    parts = [model.get("architecture") or model.get("model_type") or "unknown architecture"]
    if "parameters" in weights:
        parts.append(f"{parameters(weights['parameters'])} parameters")
        size = weights["total_bytes"]
        parts.append(f"{decimal_bytes(size)} ({binary_bytes(size)})")
    yield f"{name}  {printable(' · '.join(parts))}"
    rows = [r for r in report.facts.get("precision", []) if isinstance(r, dict)]
    width = max((len(row["scheme"]) for row in rows), default=0)
    for row in rows:
        counted = plural(row["modules"], "module")
        text = f"  {row['scheme']:<{width}}  {counted:>13}  {row['detail']}"
        yield click.style(printable(text), dim=True)
    yield ""


def _findings(report: Report) -> Iterator[str]:
    for folded in fold(report.findings):
        yield from _finding(folded)
        yield ""


def _finding(folded: Folded) -> Iterator[str]:
    finding = folded.first
    label = click.style(
        f"{finding.severity}[{finding.rule}]", fg=COLORS[finding.severity], bold=True
    )
    times = click.style(f"  ×{folded.count:,}", dim=True) if folded.count > 1 else ""
    yield f"{label} {finding.name}{times}"
    yield f"  {click.style(printable(folded.place), bold=True)}"
    if folded.others:
        names = printable(", ".join(folded.others[:SHOWN]))
        more = len(folded.others) - SHOWN
        tail = f" and {more:,} more" if more > 0 else ""
        yield click.style(f"  also {names}{tail}", dim=True)
    yield f"  {printable(finding.message)}"
    if finding.fix:
        yield f"  {click.style('fix:', fg='green')} {printable(finding.fix)}"


def _suppressed(report: Report) -> Iterator[str]:
    for entry in report.suppressed:
        text = printable(f"allowed {entry.rule} at {entry.where}: {entry.reason}")
        yield click.style(text, dim=True)
    if report.suppressed:
        yield ""


def _unchecked(report: Report) -> Iterator[str]:
    reasons = fold_reasons(report.not_checked)
    if not reasons:
        return
    yield click.style("Not checked", bold=True)
    for reason, what in reasons.items():
        names = ", ".join(what[:SHOWN])
        more = f" and {len(what) - SHOWN} more" if len(what) > SHOWN else ""
        yield f"  {printable(f'{names}{more}: {reason}')}"
    yield ""
