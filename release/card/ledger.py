"""What a card prints and where: figures are marked while it is rendered, then found again."""

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from release.card.figures import Figure, Traced
from release.card.origins import origin_of
from release.tables import Table
from release.tables.markdown import write_table
from release.text import markdown

# Private-use characters: what comes from files is stripped of them, of control characters, and of
# what some take for the end of a line, before it is marked.
OPEN, MIDDLE, CLOSE, PROVENANCE = "\ue000", "\ue001", "\ue002", "\ue003"
_MARKED = re.compile(f"{OPEN}(\\d+){MIDDLE}([^{OPEN}{CLOSE}]*){CLOSE}")
_MARKS = re.compile(f"[{OPEN}-{PROVENANCE}\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u2028\u2029]")
_JOINED = re.compile(r" [+-] ")
_BLANK = re.compile(r"\n{3,}")


class Place(msgspec.Struct, frozen=True):
    """A figure on the card: characters `start` to `end`."""

    start: int
    end: int
    figure: Figure


class Card(msgspec.Struct, frozen=True):
    """A rendered card: its text and every figure in it, in order; the files beside it by path."""

    text: str
    places: tuple[Place, ...]
    files: dict[str, str] = {}

    def line(self, position: int) -> int:
        """The number of the line that a character stands in, from 1."""
        return self.text.count("\n", 0, position) + 1


class Ledger:
    """Notes every figure as it is printed."""

    def __init__(self) -> None:
        self._figures: list[Figure] = []

    def write(self, value: Traced) -> str:
        """Print a value, marked."""
        text = _MARKS.sub("", str(value))
        return self._mark(Figure(text, value.name, value.origin))

    def field(self, text: str, name: str) -> str:
        """Print text that has the origin of a name."""
        return self._mark(Figure(_MARKS.sub("", text), name, origin_of(name)))

    def table(self, table: Table) -> str:
        """Print a table, every cell marked."""

        def cell(text: str, column: str, row: str) -> str:
            safe = markdown(text)
            name = f"table.{table.title}.{column}" if column else f"table.{table.title}"
            return self._mark(Figure(safe, name, origin_of(name), row)) if safe else ""

        return write_table(table, cell)

    def _mark(self, figure: Figure) -> str:
        self._figures.append(figure)
        return f"{OPEN}{len(self._figures) - 1}{MIDDLE}{figure.text}{CLOSE}"

    def close(self, marked: str) -> Card:
        """Take the marks out again, and put in the table of provenance where it was asked for."""
        text = marked.replace(PROVENANCE, provenance(self._printed(marked)))
        text = _BLANK.sub("\n\n", text).rstrip("\n") + "\n"
        parts: list[str] = []
        places: list[Place] = []
        position = last = 0
        for match in _MARKED.finditer(text):
            before, figure = text[last : match.start()], self._figures[int(match[1])]
            start = position + len(before)
            position = start + len(match[2])
            places.append(Place(start, position, figure))
            parts += [before, match[2]]
            last = match.end()
        return Card("".join([*parts, text[last:]]), tuple(places))

    def _printed(self, marked: str) -> list[Figure]:
        return [self._figures[int(match[1])] for match in _MARKED.finditer(marked)]


def provenance(figures: list[Figure]) -> str:
    """Make a table of which figures come from where, in the order of the card."""
    names: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for figure in figures:
        origin = figure.origin
        names[origin.certainty, origin.source][label(figure)] = None
    rows = tuple(
        (certainty, source, ", ".join(found)) for (certainty, source), found in names.items()
    )
    return write_table(Table("Provenance", ("Certainty", "From", "Figures"), rows))


def label(figure: Figure) -> str:
    """What a figure is called, for people: `weights.parameters`, `table Weights`."""
    name = _JOINED.split(figure.name)[0].removeprefix("facts.")
    if name.startswith("table."):
        return f"table {name.split('.')[1]}"
    return ".".join(name.split(".")[:2])


def matches(card: Card, text: str) -> Iterator[int]:
    """Where a text stands on a card."""
    start = card.text.find(text)
    while start >= 0:
        yield start
        start = card.text.find(text, start + 1)
