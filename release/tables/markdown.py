"""Tables as Markdown, safe whatever the names in a checkpoint contain."""

from collections.abc import Callable

from release.tables import Table
from release.text import markdown

Cell = Callable[[str, str, str], str]
"""Writes a cell from its text, its column and the first cell of its row."""


def write_table(table: Table, cell: Cell | None = None) -> str:
    """One pipe table, without its title; a note in italics below. `cell` escapes by default."""
    cell = cell or _cell
    numeric = (column in table.numeric for column in range(len(table.columns)))
    head = [cell(column, column, "") for column in table.columns]
    rows = [_row(table, row, cell) for row in table.rows]
    if table.total:
        rows.append([f"**{text}**" if text else "" for text in _row(table, table.total, cell)])
    lines = [head, ["---:" if right else "---" for right in numeric], *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text}\n\n*{cell(table.note, '', '')}*" if table.note else text


def write_tables(tables: tuple[Table, ...]) -> str:
    """Every table under a heading of its own."""
    return "\n\n".join(f"### {table.title}\n\n{write_table(table)}" for table in tables)


def _row(table: Table, row: tuple[str, ...], cell: Cell) -> list[str]:
    return [cell(text, name, row[0]) for text, name in zip(row, table.columns, strict=True)]


def _cell(text: str, _column: str, _row: str) -> str:
    return markdown(text)
