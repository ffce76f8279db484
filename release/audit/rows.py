"""Rows of HTML tables, on one line or on one for each cell."""

import re

import msgspec

OPENS = re.compile(r"<tr\b", re.IGNORECASE)
CLOSES = re.compile(r"</(?:tr|table)>", re.IGNORECASE)
ROW = re.compile(r"<tr\b[^>]*>(.*?)(?=<tr\b|</tr>|</table>|\Z)", re.IGNORECASE | re.DOTALL)
CELL = re.compile(
    r"<t(?P<kind>[hd])\b[^>]*>(?P<text>.*?)(?=</t[hd]>|<t[hd]\b|\Z)", re.IGNORECASE | re.DOTALL
)
LONGEST = 60  # lines of a row


class Row(msgspec.Struct, frozen=True):
    """A row of a table; `number` is the line of its first value, `titles` if it is of titles."""

    number: int
    cells: tuple[str, ...]
    titles: bool


class Rows:
    """Takes the lines of a page, and gives the rows that they close."""

    def __init__(self) -> None:
        self._first = 0
        self._kept: list[str] = []

    def take(self, number: int, line: str) -> list[Row] | None:
        """The rows that end on this line; None where it is of no row."""
        if not self._kept and not OPENS.search(line):
            return None
        self._first = self._first if self._kept else number
        self._kept.append(line)
        text = "\n".join(self._kept)
        if len(OPENS.findall(text)) > len(CLOSES.findall(text)) and len(self._kept) < LONGEST:
            return []
        self._kept = []
        rows = [self._row(text, match) for match in ROW.finditer(text)]
        return [row for row in rows if row.cells]

    def _row(self, text: str, row: re.Match[str]) -> Row:
        cells = list(CELL.finditer(text, row.start(1), row.end(1)))
        place = cells[min(1, len(cells) - 1)].start() if cells else 0
        return Row(
            number=self._first + text.count("\n", 0, place),
            cells=tuple(cell["text"] for cell in cells),
            titles=all(cell["kind"] in "hH" for cell in cells),
        )
