"""A difference in sections of lines, the same for a terminal and a changelog."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from release.diff import Difference, End, Figure, FileChange, TensorChange
from release.diff.values import Change
from release.report.fold import in_braces
from release.units import decimal_bytes, plural

ADDED, REMOVED, CHANGED, UNREAD = "+", "-", "~", "?"
LONGEST = 80
TABLED = ("model", "weights", "precision", "kv")
"""Facts that are printed as tables, whose cells are compared."""
DECLARED = ("quantization",)
"""Facts that config.json says in the same words."""
_NUMBER = re.compile(r"[0-9]+")


class Line(msgspec.Struct, frozen=True):
    """One change: its sign, what it is about, and how it changed in words (may be empty)."""

    sign: str
    subject: str
    detail: str = ""


class Section(msgspec.Struct, frozen=True):
    """A heading, what it comes to, and every change."""

    title: str
    total: str
    lines: tuple[Line, ...]


def heading(end: End) -> str:
    """Name a side: `owner/name@0123456789ab`."""
    return f"{end.name}@{end.commit[:12]}" if end.commit else end.name


def sections(difference: Difference) -> Iterator[Section]:
    """Every section that has something to say."""
    if difference.tensors:
        lines = tuple(_tensor_lines(difference.tensors))
        yield Section("Tensors", _total(difference.tensors, difference.same_tensors), lines)
    for file, changes in difference.settings.items():
        yield Section(file, plural(len(changes), "change"), tuple(map(_value_line, changes)))
    if difference.files:
        lines = tuple(map(_file_line, difference.files))
        yield Section("Files", _total(difference.files, difference.same_files), lines)
    if difference.figures:
        figures = tuple(
            Line(
                _sign(figure.old, figure.new),
                ", ".join(filter(None, (f"{figure.table}: {figure.row}", _column(figure)))),
                _arrow(figure.old, figure.new),
            )
            for figure in difference.figures
        )
        yield Section("Figures of the card", plural(len(figures), "change"), figures)
    facts = _untold(difference)
    if facts:
        yield Section("Facts", plural(len(facts), "change"), tuple(map(_value_line, facts)))
    if difference.findings:
        findings = tuple(map(_finding_line, difference.findings))
        yield Section("Findings", plural(len(findings), "change"), findings)
    if difference.not_compared:
        yield Section("Not compared", "", tuple(_open_lines(difference.not_compared)))


def _column(figure: Figure) -> str:
    return "" if figure.column == "Value" else figure.column


def _untold(difference: Difference) -> list[Change]:
    """Facts that neither a figure nor a setting shows."""
    told = (*(TABLED if difference.figures else ()), *(DECLARED if difference.settings else ()))
    return [change for change in difference.facts if change.path.partition(".")[0] not in told]


def _total(changes: Iterable[TensorChange | FileChange], same: int) -> str:
    signs = [_sign(change.old, change.new) for change in changes]
    words = {ADDED: "added", REMOVED: "removed", CHANGED: "changed"}
    parts = [f"{signs.count(sign):,} {word}" for sign, word in words.items() if sign in signs]
    return ", ".join([*parts, f"{same:,} the same"])


def _tensor_lines(changes: Iterable[TensorChange]) -> Iterator[Line]:
    """Changes that differ in numbers of their names only, as one line."""
    groups: dict[tuple[Any, ...], list[TensorChange]] = {}
    for change in changes:
        shape = _NUMBER.sub("#", change.name)
        groups.setdefault((shape, change.old, change.new, change.bytes), []).append(change)
    for group in groups.values():
        first = group[0]
        together = in_braces(tuple(change.name for change in group))
        names = [together] if together else [change.name for change in group]
        detail = f"{first.new}: other values" if first.bytes else _arrow(first.old, first.new)
        times = f" ×{len(group):,}" if together and len(group) > 1 else ""
        for name in names:
            yield Line(_sign(first.old, first.new), name, f"{detail}{times}")


def _open_lines(not_compared: Mapping[str, str]) -> Iterator[Line]:
    """What could not be compared, numbered files as one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for what, reason in not_compared.items():
        groups.setdefault((_NUMBER.sub("#", what), reason), []).append(what)
    for (_, reason), names in groups.items():
        together = in_braces(tuple(names))
        for name in [together] if together else names:
            yield Line(UNREAD, name, reason)


def _value_line(change: Change) -> Line:
    old = None if change.old is UNSET else _text(change.old)
    new = None if change.new is UNSET else _text(change.new)
    return Line(_sign(old, new), change.path, _arrow(old, new))


def _file_line(change: FileChange) -> Line:
    old = None if change.old is None else decimal_bytes(change.old)
    new = None if change.new is None else decimal_bytes(change.new)
    detail = new if old == new and new else _arrow(old, new)
    if change.lines:
        detail += f", {change.lines[1]:,} new and {change.lines[0]:,} old lines"
    return Line(_sign(old, new), change.path, detail)


def _finding_line(change: Change) -> Line:
    finding = change.old if change.new is UNSET else change.new
    return Line(REMOVED if change.new is UNSET else ADDED, change.path, finding["message"])


def _sign(old: Any, new: Any) -> str:
    if old is None:
        return ADDED
    return REMOVED if new is None else CHANGED


def _arrow(old: str | None, new: str | None) -> str:
    return " → ".join(part for part in (old, new) if part is not None)


def _text(value: Any) -> str:
    """A JSON value in one line, cut where it is long."""
    text = value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
