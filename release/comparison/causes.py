"""Which one cause a weight's distance from the base points to. Pure: numbers in, a word out."""

import math
from statistics import median

import msgspec

from release.architecture.numbering import pattern_of
from release.comparison.floors import EXACT, NEAR_MOVED, NEAR_ROUNDED, Floors
from release.comparison.results import Cause, Compared, Measure

STRANGER = 0.5
"""Cosine under which a weight is another one, or in another order."""

MANY_ROWS = 0.5
CLIPPED = 0.01
UNDER_PEERS, PEERS = 5.0, 4
"""dB under the median of a role's layers, and how many layers make a median."""

FACTORS = {"2": 2, "4": 4, "6": 6, "8": 8, "16": 16, "127": 127, "448": 448, "2688": 448 * 6}
FACTOR_TOLERANCE = 0.03


def cause_of(measure: Measure, floors: Floors, *, moved: bool, estimated: bool = True) -> Cause:
    """Name the cause that the numbers show; the search for strangers is the caller's.

    `moved`: the method moves weights on purpose, so that codes need not be the nearest; GPTQ
    clears the columns of inputs that it never saw. `estimated`: what the weight is held against is
    an estimate; of a base as it is stored, rounding leaves no code that is beside it.
    """
    low, high = floors.slope
    enough = measure.cosine >= floors.cosine
    # Codes that are the base's hold no factor: beside large values small ones are flushed.
    nearest = measure.exact >= floors.typical
    signs = (
        (Cause.ROWS, measure.dead_rows and measure.gain == 0),
        (Cause.COLUMNS, not moved and measure.dead_columns),
        (Cause.HOLDS_ANOTHER, measure.cosine < STRANGER),
        (Cause.FACTOR, enough and not (nearest or low <= measure.slope <= high)),
        (Cause.ROWS, some_rows(measure)),
        (Cause.COSINE, measure.bad_rows or not enough),
        (Cause.GROUPS, not moved and measure.off_groups),
        (Cause.CODES, not _agrees(measure, floors, moved=moved)),
        (Cause.NOISE, measure.sqnr < (floors.moved if moved else floors.rounded)),
        (Cause.CODES, not (moved or estimated) and measure.far),
        (Cause.RANGE, not moved and _out_of_range(measure, floors)),
    )
    return next((cause for cause, seen in signs if seen), Cause.NONE)


def some_rows(measure: Measure) -> bool:
    """Whether a few rows are wrong, and not the whole weight."""
    return 0 < len(measure.bad_rows) <= MANY_ROWS * measure.rows


def _agrees(measure: Measure, floors: Floors, *, moved: bool) -> bool:
    if moved:
        return measure.near >= NEAR_MOVED or measure.sqnr >= floors.moved
    return measure.near >= NEAR_ROUNDED and measure.exact >= floors.typical


def severe(measure: Measure) -> bool:
    """Whether codes that disagree are worse than odd."""
    return measure.near < NEAR_ROUNDED or measure.exact < EXACT


def _out_of_range(measure: Measure, floors: Floors) -> bool:
    return measure.flushed > floors.flushed or measure.clipped > CLIPPED


def against_peers(compared: list[Compared]) -> list[Compared]:
    """Name as noisy what is far under the median SQNR of the same role in other layers."""
    middles = _medians(compared)
    judged = []
    for item in compared:
        middle = middles.get((item.scheme, pattern_of(item.module)), -math.inf)
        low = item.measure.sqnr < middle - UNDER_PEERS
        if low and item.cause is Cause.NONE:
            detail = f"the median of its role is {middle:.1f} dB"
            item = msgspec.structs.replace(item, cause=Cause.NOISE, detail=detail)  # noqa: PLW2901
        judged.append(item)
    return judged


def _medians(compared: list[Compared]) -> dict[tuple[str, str], float]:
    roles: dict[tuple[str, str], list[float]] = {}
    for item in compared:
        key = (item.scheme, pattern_of(item.module))
        roles.setdefault(key, []).append(item.measure.sqnr)
    return {
        role: median(values)
        for role, values in roles.items()
        if len(values) >= PEERS and math.isfinite(median(values))
    }


def factor_words(slope: float) -> str:
    """Say a slope as the factor that people confuse: "1/2", "448"; else the number itself."""
    for word, factor in FACTORS.items():
        if abs(slope / factor - 1) < FACTOR_TOLERANCE:
            return word
        if abs(slope * factor - 1) < FACTOR_TOLERANCE:
            return f"1/{word}"
    return f"{slope:.3g}"
