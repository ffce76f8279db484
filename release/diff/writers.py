"""A difference as text for a terminal, Markdown for a changelog, and JSON."""

from collections.abc import Iterator

import click
import msgspec

from release.diff import Difference
from release.diff.sections import Line, Section, heading, sections
from release.text import code_span, markdown, printable

SHOWN = 40
COLORS = {"+": "green", "-": "red", "~": "yellow", "?": "yellow"}
WORDS = {"+": "added", "-": "removed", "~": "changed", "?": "not compared"}
SAME = "no difference"


def write(difference: Difference, style: str, *, color: bool) -> str:
    """Write a difference as `human`, `markdown` or `json`."""
    if style == "json":
        return msgspec.json.format(msgspec.json.encode(difference), indent=2).decode()
    return _markdown(difference) if style == "markdown" else _human(difference, color=color)


def _human(difference: Difference, *, color: bool) -> str:
    old, new = printable(heading(difference.old)), printable(heading(difference.new))
    lines = [click.style(f"{old} → {new}", bold=True)]
    for section in sections(difference):
        lines += ["", *_human_section(section)]
    if len(lines) == 1:
        lines.append(SAME)
    text = "\n".join(lines)
    return text if color else click.unstyle(text)


def _human_section(section: Section) -> Iterator[str]:
    total = f"  {section.total}" if section.total else ""
    yield f"{click.style(printable(section.title), bold=True)}{total}"
    for line in section.lines[:SHOWN]:
        detail = f"  {printable(line.detail)}" if line.detail else ""
        sign = click.style(line.sign, fg=COLORS[line.sign])
        yield f"  {sign} {printable(line.subject)}{detail}"
    if len(section.lines) > SHOWN:
        yield f"  and {len(section.lines) - SHOWN:,} more (--format json has all)"


def _markdown(difference: Difference) -> str:
    old, new = code_span(heading(difference.old)), code_span(heading(difference.new))
    blocks = [f"## {old} → {new}"]
    for section in sections(difference):
        total = f"\n\n{markdown(section.total)}." if section.total else ""
        items = "\n".join(_item(line) for line in section.lines)
        blocks.append(f"### {markdown(section.title)}{total}\n\n{items}")
    if len(blocks) == 1:
        blocks.append(f"{SAME.capitalize()}.")
    return "\n\n".join(blocks)


def _item(line: Line) -> str:
    detail = f": {markdown(line.detail)}" if line.detail else ""
    return f"- {WORDS[line.sign]} {code_span(line.subject)}{detail}"
