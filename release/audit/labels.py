"""What a line says behind a label: `Hidden size: 5,120`, a row of a table."""

import re

from release.audit.page import Line

LABELLED = re.compile(r"^(?:[-*•+]\s*)?([^\W\d][\w /().&-]{0,48}?)\s*(?::|=|\s{2,})\s*(.+)$")
# Heads of columns that are about the model before it was quantized, and of those that say why.
BEFORE = re.compile(
    r"\b(?:original|baseline|base|bf16|fp16|bfloat16|16[- ]?bit|before|full|source|unquantized)\b",
    re.IGNORECASE,
)
NOTES = re.compile(
    r"\b(?:notes?|comments?|description|rationale|reason|why|remarks?|details|delta|change|diff\w*"
    r"|reduction|savings?|ratio|recovery)\b|Δ",
    re.IGNORECASE,
)
PAIR = 2


def pair(line: Line) -> tuple[str, str] | None:
    """A label and its value; of a row of more cells the one that is about this checkpoint."""
    if not line.cells:
        labelled = LABELLED.match(line.text)
        return (labelled[1], labelled[2]) if labelled else None
    values = ours(line)
    return (line.cells[0], values[0]) if len(values) == 1 else None


def ours(line: Line) -> tuple[str, ...]:
    """The cells behind a row's label, without those of the original model and of notes."""
    values = line.cells[1:]
    if len(values) < PAIR or len(line.heads) != len(line.cells):
        return values
    heads = line.heads[1:]
    kept = [
        cell
        for head, cell in zip(heads, values, strict=True)
        if not BEFORE.search(head) and not NOTES.search(head)
    ]
    return tuple(kept)
