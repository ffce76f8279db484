"""Where a text on the card comes from, for people."""

from release.card.figures import Figure
from release.card.ledger import Card, Place, matches
from release.errors import ReleaseError

SHOWN = 100


def explain(card: Card, text: str) -> str:
    """Say for every place of a text on the card which figures it is, and where they come from.

    Raises `ReleaseError` if it is nowhere on the card.
    """
    if not text.strip():
        raise ReleaseError("there is nothing to explain", hint="as in --explain '25.18 GB'")
    blocks = list(
        dict.fromkeys(_at(card, start, start + len(text)) for start in matches(card, text))
    )
    if not blocks:
        hint = "copy it from the card as it is in README.md"
        raise ReleaseError(f"{text!r:.80} is not on the card", hint=hint)
    return "\n".join(blocks)


def _at(card: Card, start: int, end: int) -> str:
    number = card.line(start)
    line = card.text.splitlines()[number - 1].strip()
    head = f"line {number}: {line[:SHOWN]}{'…' if len(line) > SHOWN else ''}"
    found = [_tell(place) for place in card.places if place.start < end and place.end > start]
    return "\n".join([head, *(found or ["  words of a template: no figure"])])


def _tell(place: Place) -> str:
    figure, origin = place.figure, place.figure.origin
    lines = (f"  {figure.text}", describe(figure), f"{origin.certainty}, from {origin.source}")
    return "\n    ".join(lines)


def describe(figure: Figure) -> str:
    """What a figure is called in the report, in release.toml or in a table."""
    name = figure.name.removeprefix("facts.")
    if not name.startswith("table."):
        return name
    _, title, *column = name.split(".", 2)
    return ", ".join(filter(None, (f"table {title}", *column, figure.row)))
