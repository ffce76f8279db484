"""How many values a card says share a scale: groups, and blocks of a matrix."""

import re
from collections.abc import Iterator

from release.audit.quantities import Figure, Quantity, whole
from release.audit.words import words

WIDE = 1 << 20  # parts rows from columns in one number
LABEL = words("labels")["group_size"]
GROUP = re.compile(
    rf"(?:(?<!transform_){LABEL}|\bgroups?(?= of\b)|\bgroup(?= (?:16|32|64|128|256)\b)"
    r"|\b(?:scales?|one) (?:for|per)(?: each| every)?(?= \d+ (?:values|weights|elements)))"
    r"[\"'`]?\s*(?:of|is|=|:|\||为|は|von)?\s*(?P<number>\d{1,6})(?!\w|[.,]\d|\s*%|\s?[x×])",
    re.IGNORECASE | re.ASCII,
)
SHORT = re.compile(r"(?<![a-zA-Z.-])g(?P<number>16|32|64|128|256)\b", re.ASCII)  # `W4A16g128`
SIDES = r"(?P<rows>\d{1,4})\s?[x×]\s?(?P<columns>\d{1,4})"
BLOCK = re.compile(
    rf"(?<![\w.,])(?:{SIDES}(?:\s?(?:分块|块|ブロック|블록)"
    r"|[- ](?:weight |scale )?(?:block|tile|group)s?\b)"
    rf"|(?:block|tile)s?(?:[- ]size)?\s*(?:of|=|:|\|)?\s*{SIDES.replace('?P<', '?P<of_')}"
    r"|weight_block_size\W{1,6}(?P<the_rows>\d{1,4}),\s*(?P<the_columns>\d{1,4}))(?!\w)"
    r"|block size \|? ?\[(?P<row_rows>\d{1,4}),\s*(?P<row_columns>\d{1,4})\]",
    re.IGNORECASE | re.ASCII,
)
# Blocks of a cache, of text and of images are others.
OTHER_BLOCKS = re.compile(
    r"\b(?:pages?|paged|tokens?|kv|cache|attention|patch\w*|cuda|mamba|--block[-_]size)\b|--",
    re.IGNORECASE,
)


def read_groups(number: int, text: str) -> Iterator[Figure]:
    """Collect them from a line of text or code."""
    for match in GROUP.finditer(text):
        if not (re.match("block", match[0], re.IGNORECASE) and OTHER_BLOCKS.search(text)):
            yield Figure("group size", "", whole(match["number"]), number)
    for match in SHORT.finditer(text):
        yield Figure("group size", "", whole(match["number"]), number)
    for match in BLOCK.finditer(text):
        rows, columns = (value for value in match.groups() if value is not None)
        value = in_one(int(rows), int(columns))
        yield Figure("block", "", Quantity(f"{rows}x{columns}", value, value, value), number)


def in_one(rows: int, columns: int) -> float:
    """Rows and columns of a block as one number, which no other block has."""
    return float(rows * WIDE + columns)


def written(value: float) -> str:
    """The block of a number that is of `in_one`: `128x128`."""
    return f"{int(value) // WIDE}x{int(value) % WIDE}"
