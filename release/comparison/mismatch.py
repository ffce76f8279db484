"""Scales, zero points and codes that are not each other's, however noisy the codes are.

GPTQ moves codes until few of them are the nearest. What it leaves alone: a scale suits its own row
better than that of the row beside; codes lie above the base as often as below; and the slope of a
group over the base knows nothing of its scale.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.comparison.measure import dot
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder, Rows
from release.quantization.decoding.floats import Floats

Sums = npt.NDArray[np.float64]

TALL = 128
"""Rows that are looked at."""

FEWEST = 8
"""Rows that tell anything."""

ALIKE, NEARLY_ALL = 1e-3, 0.8
"""Part of a row's noise that tells two scales apart; the share of rows that have to agree."""

MOST_CODES, OFF, OFF_FINE, SOME = 32, 0.4, 0.8, 0.05
"""Codes of a format of whose steps one is much, how many of them the mean of a group's codes may be
off, of formats with more codes too, and for what share of groups: a wrong step is one, but for
codes at the ends. GPTQ leaves 0.1, and 0.01 of all groups together."""

WHOLE, MOSTLY = 0.2, 0.6
"""How far from a whole step a wrong zero point may be, and for how many: of inputs that are much
alike, such as those from a norm with a bias, GPTQ leaves groups off by any part of one."""

UNITS, APART, RISE, TOGETHER = 64, 0.05, 0.5, 0.3
"""Scales that tell anything; how far slopes spread, how fast their logarithms rise with those of
the scales and how well they go together, where scales are those of others. In theory they rise as
fast, 0.7 together; right ones leave 0 and 0.2 and, of GPTQ, a spread of 0.015."""

AKIN = 0.5
"""Cosine of a group that is the base's, whatever is wrong with it."""

NORMAL = 1.4826
"""The standard deviation of a normal distribution over its median distance from the median."""


def mismatch(decoder: Decoder, base: Matrix) -> str | None:
    """Say what of a weight is not its own: the neighbours' scales, any others, codes beside theirs.

    `base` is the matrix that the weight was made of.
    """
    height = min(TALL, decoder.shape[0])
    rows, expected = decoder.rows(0, height), base.read(0, height)
    width = decoder.group or decoder.shape[1]
    stepped = _stepped(rows, expected, width)
    if rows.factor.shape[0] != height or height < FEWEST:
        return stepped
    return _shifted(rows, expected) or stepped or _foreign(rows, expected, width)


def _shifted(rows: Rows, expected: Floats) -> str | None:
    """Say whether rows are nearer to the base with their neighbours' scales than with their own."""
    inner = slice(1, -1)
    own = _noise(rows, expected)[inner]
    for what, by in (("next", -1), ("previous", 1)):
        factor = np.roll(rows.factor, by, axis=0)
        zero = None if rows.zero is None else np.roll(rows.zero, by, axis=0)
        for offset in (zero,) if zero is None else (zero, rows.zero):
            noise = _noise(Rows(rows.book, rows.codes, factor, offset), expected)[inner]
            apart = np.abs(noise - own) > ALIKE * own
            nearer = np.count_nonzero(apart & (noise < own))
            if nearer >= FEWEST and nearer > NEARLY_ALL * np.count_nonzero(apart):
                return f"every row has the scales of the {what} one"
    return None


def _stepped(rows: Rows, expected: Floats, width: int) -> str | None:
    """Say whether integer codes lie a step beside the base, as with wrong zero points."""
    values = rows.book.values[np.isfinite(rows.book.values)]
    if (values != np.rint(values)).any():
        return None
    fine = len(values) > MOST_CODES
    steps = rows.in_steps(expected)
    inside = np.abs(steps) <= rows.book.largest
    away = np.where(inside, rows.book.values.take(rows.codes) - steps, 0)
    count = _units(inside, width).sum(axis=1)
    off = _units(away, width).sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
    off = off[_akin(_units(rows.values(), width), _units(expected, width))]
    if not off.size:
        return None
    if abs(off.mean()) > (OFF_FINE if fine else OFF):
        side = "high" if off.mean() > 0 else "low"
        return f"its codes are {abs(off.mean()):.1f} steps too {side} in the mean"
    wrong = np.abs(off) > OFF
    whole = np.count_nonzero(np.abs(off - np.rint(off))[wrong] < WHOLE)
    if (
        not fine
        and rows.zero is not None
        and whole > max(SOME * len(off), MOSTLY * np.count_nonzero(wrong))
    ):
        count = np.count_nonzero(wrong)
        return f"the zero points of {count:,} of its first {len(off):,} groups are wrong"
    return None


def _foreign(rows: Rows, expected: Floats, width: int) -> str | None:
    """Say whether groups are the larger, over the base, the larger their scale is."""
    kept = np.where(np.abs(rows.in_steps(expected)) <= rows.book.largest, expected, 0)
    both = dot(_units(kept, width), _units(rows.values(), width))
    own = dot(_units(kept, width), _units(kept, width))
    factor = np.broadcast_to(rows.factor, expected.shape)[:, ::width].reshape(-1)
    good = (both > 0) & (own > 0) & (factor > 0)
    if np.count_nonzero(good) < max(UNITS, len(good) // 2):
        return None
    slopes, scales = np.log(both[good] / own[good]), np.log(factor[good].astype(np.float64))
    if not NORMAL * np.median(np.abs(slopes - np.median(slopes))) > APART:
        return None
    if scales.std() < ALIKE:
        return "all of its rows have one scale"
    together = float(np.corrcoef(slopes, scales)[0, 1])
    if together > TOGETHER and together * slopes.std() > RISE * scales.std():
        return "the scales are not those of its rows"
    return None


def _akin(ours: Floats, base: Floats) -> npt.NDArray[np.bool_]:
    """Which units are the base's at all."""
    akin: npt.NDArray[np.bool_] = dot(ours, base) > AKIN * np.sqrt(
        dot(ours, ours) * dot(base, base)
    )
    return akin


def _units(values: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """The columns of every scale in a row of their own."""
    return np.ascontiguousarray(values).reshape(-1, width)


def _noise(rows: Rows, base: Floats) -> Sums:
    """The energy of each row's distance from the base."""
    off = base - rows.values()
    return dot(off, off)
