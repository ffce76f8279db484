"""The report for a person at a terminal: worst first, repeated findings folded, one verdict."""

from collections.abc import Iterator

import click

from release.report import CLEAN, UNCHECKED, Report
from release.report.fold import Folded, fold, fold_reasons
from release.units import binary_bytes, decimal_bytes, parameters, plural

COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
SHOWN = 3


def write(report: Report, *, color: bool, strict: bool) -> str:
    """Write the report as text."""
    lines = [*_head(report), *_findings(report), *_suppressed(report), *_unchecked(report)]
    text = "\n".join([*lines, verdict(report, strict=strict)])
    return text if color else click.unstyle(text)


def verdict(report: Report, *, strict: bool) -> str:
    """Give the closing line: the verdict and the counts behind it."""
    counts = ", ".join(
        plural(n, level) for level, n in report.summary.items() if n and level != "info"
    )
    notes = plural(report.summary["info"], "note") if report.summary["info"] else ""
    code = report.exit_code(strict=strict)
    if code == CLEAN:
        text = ", ".join(part for part in (counts, notes) if part) or "no findings"
        return click.style("passed", fg="green", bold=True) + f": {text}"
    if code == UNCHECKED:
        required = sum(entry.required for entry in report.not_checked)
        text = f"{plural(required, 'rule')} could not be checked"
        return click.style("unchecked", fg="yellow", bold=True) + f": {text}"
    return click.style("failed", fg="red", bold=True) + f": {counts}"


def _head(report: Report) -> Iterator[str]:
    name = click.style(report.checkpoint.name, bold=True)
    model, weights = report.facts.get("model", {}), report.facts.get("weights", {})
    parts = [model.get("architecture") or model.get("model_type") or "unknown architecture"]
    if "parameters" in weights:
        parts.append(f"{parameters(weights['parameters'])} parameters")
        size = weights["total_bytes"]
        parts.append(f"{decimal_bytes(size)} ({binary_bytes(size)}) of tensors")
    yield f"{name}  {' · '.join(parts)}"
    rows = [r for r in report.facts.get("precision", []) if isinstance(r, dict) and r["group"]]
    for row in rows:
        yield click.style(f"  {row['scheme']:<14} {plural(row['modules'], 'module')}", dim=True)
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
    yield f"  {click.style(str(finding.where), bold=True)}"
    yield f"  {finding.message}"
    if folded.others:
        shown = [str(other.where).rpartition(": ")[2] for other in folded.others[:SHOWN]]
        more = folded.count - 1 - len(shown)
        tail = f" and {more:,} more" if more else ""
        yield click.style(f"  also {', '.join(shown)}{tail}", dim=True)
    if finding.fix:
        yield f"  {click.style('fix:', fg='green')} {finding.fix}"


def _suppressed(report: Report) -> Iterator[str]:
    for entry in report.suppressed:
        yield click.style(f"allowed {entry.rule} at {entry.where}: {entry.reason}", dim=True)
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
        yield f"  {names}{more}: {reason}"
    yield ""
