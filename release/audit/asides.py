"""Lines whose lengths are of calibration, training or an evaluation, and not of the model."""

import re
from itertools import pairwise

from release.audit.page import Line, Page
from release.audit.words import words

CALIBRATED = words("elsewhere")["calibrated"]
ABOUT = re.compile(f"{CALIBRATED}|{words('elsewhere')['runs']}", re.IGNORECASE)
# `Calibration samples: 512`, of a list whose other labels are of the same then.
LABEL = re.compile(rf"\W*{CALIBRATED}[^.]{{0,30}}(?:[:=|]|$)", re.IGNORECASE)
# A line alone that is the title of what stands below it, and its most words.
TITLE, MOST = re.compile(r"[^\W\d][^:|]*:?"), 5


def asides(page: Page) -> frozenset[int]:
    """Their numbers: below such a heading, or in a list or a table of calibration."""
    found: set[int] = set()
    title = heading = ""
    for block in _blocks(page):
        said = any(LABEL.match(line.text) for line in block)
        of = title if heading == block[0].heading else ""
        heading = block[0].heading
        below = ABOUT.search(heading.rpartition(" / ")[2]) or ABOUT.search(of)
        if said or below:
            found |= {line.number for line in block}
        first = block[0].text
        alone = len(block) == 1 and len(first.split()) <= MOST and TITLE.fullmatch(first)
        title = first if alone else ""
    return frozenset(found)


def _blocks(page: Page) -> list[list[Line]]:
    """Lines that follow one another without a blank one, under one heading."""
    lines = [line for line in page.lines if line.text]
    blocks = [lines[:1]] if lines else []
    for before, line in pairwise(lines):
        near = line.number - before.number <= 1 and line.heading == before.heading
        if near:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks
