"""Tables as Markdown, safe whatever the names in a checkpoint contain."""

from release.tables import Table
from release.text import markdown


def write_table(table: Table) -> str:
    """One pipe table, without its title; a note in italics below."""
    bold = [tuple(f"**{_cell(cell)}**" if cell else "" for cell in table.total)]
    rows = [tuple(map(_cell, row)) for row in table.rows] + (bold if table.total else [])
    rule = ("---:" if column in table.numeric else "---" for column in range(len(table.columns)))
    lines = [table.columns, rule, *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text}\n\n*{_cell(table.note)}*" if table.note else text


def write_tables(tables: tuple[Table, ...]) -> str:
    """Every table under a heading of its own."""
    return "\n\n".join(f"### {table.title}\n\n{write_table(table)}" for table in tables)


def _cell(text: str) -> str:
    return markdown(text)
