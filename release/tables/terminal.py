"""Tables for a terminal."""

from rich import box
from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text

from release.tables import Table


def draw_tables(tables: tuple[Table, ...]) -> Group:
    """Every table, one under the other."""
    return Group(*(_draw(table) for table in tables))


def _draw(table: Table) -> Grid:
    grid = Grid(
        title=Text(table.title, "bold"),
        title_justify="left",
        caption=Text(f"{table.note}\n", "dim") if table.note else None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_footer=bool(table.total),
        pad_edge=False,
    )
    footers = table.total or ("",) * len(table.columns)
    for position, (column, footer) in enumerate(zip(table.columns, footers, strict=True)):
        right = position in table.numeric
        figures = (footer, *(row[position] for row in table.rows)) if right else ()
        grid.add_column(
            column,
            Text(footer),
            justify="right" if right else "left",
            min_width=max(map(len, figures), default=None),  # a figure that is cut is another
            overflow="fold",
        )
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
