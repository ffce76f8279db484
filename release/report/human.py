"""The report for a person at a terminal: worst first, repeated findings folded, one verdict."""

import shutil
import textwrap
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
INDENT, FIX = "  ", "fix: "
WIDTHS = (60, 120)
"""Columns: below the first nothing is wrapped any narrower, above the second no line is read."""


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
    origin = report.checkpoint.origin
    if origin:
        size = decimal_bytes(origin.bytes_read)
        read = f"{size} read in {plural(origin.requests, 'request')}"
        yield click.style(f"{INDENT}commit {printable(origin.commit)} · {read}", dim=True)
    rows = [r for r in report.facts.get("precision", []) if isinstance(r, dict)]
    width = max((len(row["scheme"]) for row in rows), default=0)
    for row in rows:
        label = f"{row['scheme']:<{width}}  {plural(row['modules'], 'module'):>13}  "
        for line in _wrap(label, row["detail"]):
            yield click.style(line, dim=True)
    more = (*_against_base(report), *_in_vllm(report))
    yield from (click.style(line, dim=True) for line in more)
    yield ""


def _against_base(report: Report) -> Iterator[str]:
    """How far the weights are from the base's, a line for each scheme."""
    base = report.facts.get("base", {})
    if "schemes" not in base:
        return
    how = ", ".join(f"{count:,} {word}" for word, count in base["unquantized"].items())
    yield from _wrap("", f"against {base['name']}: unquantized tensors {how or 'not compared'}")
    width = max((len(row["scheme"]) for row in base["schemes"]), default=0)
    for row in base["schemes"]:
        if row["lowest_sqnr"] is not None:
            label = f"{row['scheme']:<{width}}  {plural(row['modules'], 'module'):>13}  "
            middle = row["median_sqnr"]
            median = f", median {middle:.1f}" if middle is not None else ""
            text = f"SQNR {row['lowest_sqnr']:.1f} dB or more{median}"
            yield from _wrap(label, f"{text}; cosine {row['lowest_cosine']:.4f} or more")


def _in_vllm(report: Report) -> Iterator[str]:
    """Where it was run, and which kernel served each scheme there."""
    smoke = report.facts.get("smoke", {})
    if not smoke.get("started"):
        return
    device = " ".join(filter(None, [smoke["device"].get("name"), smoke["driver"]]))
    yield from _wrap("", f"run in vLLM {smoke['versions'].get('vllm')} on {device}")
    width = max((len(row["scheme"]) for row in smoke["serving"]), default=0)
    for row in smoke["serving"]:
        label = f"{row['scheme']:<{width}}  {plural(row['layers'], 'layer'):>13}  "
        yield from _wrap(label, row["kernel"])


def _wrap(label: str, text: str) -> list[str]:
    """Break text at spaces to the terminal's width, below the end of its label."""
    lowest, highest = WIDTHS
    width = min(max(shutil.get_terminal_size((100, 24)).columns, lowest), highest)
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=INDENT + printable(label),
        subsequent_indent=INDENT + " " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


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
        names = ", ".join(folded.others[:SHOWN])
        more = len(folded.others) - SHOWN
        tail = f" and {more:,} more" if more > 0 else ""
        yield from (click.style(line, dim=True) for line in _wrap("also ", f"{names}{tail}"))
    yield from _wrap("", finding.message)
    if finding.fix:
        first, *others = _wrap(FIX, finding.fix)
        yield first.replace(FIX, click.style(FIX, fg="green"), 1)
        yield from others


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
        yield from _wrap("", f"{what}: {reason}")
    yield ""
