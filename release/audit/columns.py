"""Sizes below the titles of columns, in the row of this model: `| Model | Size |`."""

import re
from collections.abc import Iterator
from itertools import groupby

from release.audit.labels import BEFORE
from release.audit.page import Line, Page
from release.audit.places import machines
from release.audit.quantities import SIZE, UNITS, Figure, quantity
from release.audit.subjects import WHOLE, is_about

OURS = re.compile(r"\W*(?:this(?: \w+)?|ours?|本模型)\W*", re.IGNORECASE)


def read_columns(page: Page) -> Iterator[Figure]:
    """Collect them; of several rows the one that has the name of the page."""
    title = _bare(page.title)
    for heads, lines in groupby(page.lines, key=lambda line: line.heads):
        rows = list(lines)
        columns = [place for place, head in enumerate(heads) if is_about("size", head)]
        if len(columns) != 1 or BEFORE.search(heads[columns[0]]):
            continue
        for row in rows:
            if len(row.cells) == len(heads) and (len(rows) == 1 or _is_ours(row, title)):
                yield from _sized(row, columns[0])


def _is_ours(row: Line, title: str) -> bool:
    label = row.cells[0]
    return bool(OURS.fullmatch(label)) or (bool(title) and _bare(label) == title)


def _sized(row: Line, place: int) -> Iterator[Figure]:
    """A row of one model and no component: what else is there is no size."""
    others = [cell for at, cell in enumerate(row.cells) if at != place]
    match = SIZE.fullmatch(row.cells[place].strip("*~≈ "))
    if match and not any(SIZE.search(cell) or machines(cell) for cell in others):
        found = quantity(match, UNITS[match["unit"]])
        yield Figure("weights", WHOLE, found, row.number, match["unit"])


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.rpartition("/")[2]).lower()
