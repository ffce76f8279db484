"""Sizes and numbers of files that a card states."""

import re
from collections.abc import Iterator

from release.audit.labels import pair
from release.audit.page import Line
from release.audit.quantities import SIZE, UNITS, Figure, quantity, whole

NAME = re.compile(r"[\w-][\w./-]{0,120}\.(?:safetensors|json|jinja|yaml|txt|model|py)")
COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d{2,15}")
SHARDS = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,4})\s*(?:[×x]\s*safetensors|safetensors? (?:files?|shards?)"
    r"|(?:weight )?shards)\b",
    re.IGNORECASE,
)
TENSORS = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,3}(?:,\d{3})+|\d{1,7}) tensors\b"
    r"(?! cores?| parallel| on each| (?:for|per) )"
    r"|\b(?:number of|total|all) tensors\s*[:=|]\s*(?P<told>\d{1,3}(?:,\d{3})+|\d{1,7})\b",
    re.IGNORECASE,
)
IN_ALL = re.compile(
    r"\b(?:it|checkpoint|model|files?) (?:has|holds|contains|with)(?: a total of)?\s*$"
    r"|\btotal of\s*$",
    re.IGNORECASE,
)
SIZES = re.compile(r"\b(?:bytes|size)\b", re.IGNORECASE)
OF_MANY = re.compile(
    r"\b(?:each|per|first|last|\d of|one of|other|base|original)\s*$", re.IGNORECASE
)


def read_files(line: Line) -> Iterator[Figure]:
    """`config.json: 3,174`, `model.safetensors: 4.98 GB`, and rows of a table of files."""
    if not line.cells:
        label, value = pair(line) or ("", "")
        yield from _sized(line.number, label, value)
    for head, cell in zip(line.heads, line.cells, strict=False):
        if SIZES.search(head):
            yield from _sized(line.number, line.cells[0], cell)


def _sized(number: int, label: str, value: str) -> Iterator[Figure]:
    name, said = label.strip(), value.strip()
    if not NAME.fullmatch(name):
        return
    if COUNT.fullmatch(said):
        yield Figure("file", name, whole(said.replace(",", "")), number)
    elif size := SIZE.fullmatch(said):
        yield Figure("file", name, quantity(size, UNITS[size["unit"]]), number, size["unit"])


def read_shards(line: Line) -> Iterator[Figure]:
    """`6 safetensors shards`."""
    for match in SHARDS.finditer(line.text):
        if not OF_MANY.search(line.text[: match.start()]):
            yield Figure("shards", "", whole(match["number"]), line.number)


def read_tensors(line: Line) -> Iterator[Figure]:
    """`63 tensors`, as those of the whole checkpoint."""
    for match in TENSORS.finditer(line.text):
        if match["told"] or IN_ALL.search(line.text[: match.start()]):
            count = (match["number"] or match["told"]).replace(",", "")
            yield Figure("tensors", "", whole(count), line.number)
