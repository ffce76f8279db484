"""Which one cause a weight's distance from the base points to. Pure: numbers in, a word out."""

import math
from statistics import median

from release.comparison.floors import EXACT, NEAR_MOVED, NEAR_ROUNDED, Floors
from release.comparison.neighbours import pattern
from release.comparison.results import Cause, Compared, Measure

STRANGER = 0.5
"""Cosine under which a weight is another one, or in another order."""

MANY_ROWS = 0.5
FLUSHED, CLIPPED = 0.60, 0.01
UNDER_PEERS, PEERS = 5.0, 4
"""dB under the median of a role's layers, and how many layers make a median."""

FACTORS = {"2": 2, "4": 4, "6": 6, "8": 8, "16": 16, "127": 127, "448": 448, "2688": 448 * 6}
FACTOR_TOLERANCE = 0.03


def cause_of(measure: Measure, floors: Floors, *, moved: bool) -> Cause:
    """Name the cause that the numbers show; the search for strangers is the caller's.

    `moved`: the method moves weights on purpose, so that codes need not be the nearest.
    """
    low, high = floors.slope
    rows = len(measure.bad_rows)
    enough = measure.cosine >= floors.cosine
    signs = (
        (Cause.HOLDS_ANOTHER, measure.cosine < STRANGER),
        (Cause.FACTOR, enough and not low <= measure.slope <= high),
        (Cause.ROWS, 0 < rows <= MANY_ROWS * measure.rows),
        (Cause.COSINE, rows or not enough),
        (Cause.CODES, not _agrees(measure, floors, moved=moved)),
        (Cause.NOISE, measure.sqnr < (floors.moved if moved else floors.rounded)),
        (Cause.RANGE, not moved and _out_of_range(measure)),
    )
    return next((cause for cause, seen in signs if seen), Cause.NONE)


def _agrees(measure: Measure, floors: Floors, *, moved: bool) -> bool:
    if moved:
        return measure.near >= NEAR_MOVED
    return measure.near >= NEAR_ROUNDED and measure.exact >= floors.typical


def severe(measure: Measure) -> bool:
    """Whether codes that disagree are worse than odd."""
    return measure.near < NEAR_ROUNDED or measure.exact < EXACT


def _out_of_range(measure: Measure) -> bool:
    return measure.flushed > FLUSHED or measure.clipped > CLIPPED


def under_peers(compared: list[Compared]) -> dict[str, float]:
    """Modules whose SQNR is far under the median of the same role in other layers: that median."""
    sqnr = {(item.module, item.scheme): item.measure.sqnr for item in compared}
    found: dict[str, float] = {}
    for scheme in {item.scheme for item in compared}:
        names = [module for module, name in sqnr if name == scheme]
        for group in pattern(names).values():
            values = [sqnr[module, scheme] for module in group]
            middle = median(values)
            if len(group) >= PEERS and math.isfinite(middle):
                found |= {
                    module: middle
                    for module, value in zip(group, values, strict=True)
                    if value < middle - UNDER_PEERS
                }
    return found


def factor_words(slope: float) -> str:
    """Say a slope as the factor that people confuse: "1/2", "448"; else the number itself."""
    for word, factor in FACTORS.items():
        if abs(slope / factor - 1) < FACTOR_TOLERANCE:
            return word
        if abs(slope * factor - 1) < FACTOR_TOLERANCE:
            return f"1/{word}"
    return f"{slope:.3g}"
