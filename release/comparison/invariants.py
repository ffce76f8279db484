"""What a rotation leaves of the weights that read what was rotated: the norms of their rows."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from release.comparison.measure import Sums, step_of
from release.quantization.decoding.floats import Floats

ReadRows = Callable[[int, int], Floats]

ALIKE, APART = 0.1, 0.3
"""How far rounding leaves a norm from the base's, and how far is no rounding's doing."""

MOST = 0.9
"""Share of norms that have to be alike before the others can be called wrong."""


FEWEST, SPREAD, ORDERED = 32, 0.02, 0.5
"""Norms that have an order, how much their logarithms spread if they do, and how well two orders go
together that are one: rounding to four bits leaves 0.97, another order 0.3."""


def row_norms(read: ReadRows, rows: int, columns: int) -> Sums:
    """The norms of all rows of a matrix that is read by ranges of them."""
    squares = np.zeros(rows)
    step = step_of(columns)
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        values = read(start, stop)
        squares[start:stop] = np.einsum("ij,ij->i", values, values, dtype=np.float64)
    return np.sqrt(squares)


def agree(ours: Sums, base: Sums) -> bool:
    """Whether all norms are those of the base."""
    return ours.shape == base.shape and not _apart(ours, base, ALIKE).any()


def wrong_ones(ours: Sums, base: Sums) -> tuple[int, ...]:
    """The places where a norm is far off while most are alike; none where few are alike."""
    if ours.shape != base.shape:
        return ()
    alike = 1 - float(_apart(ours, base, ALIKE).mean())
    return tuple(np.flatnonzero(_apart(ours, base, APART)).tolist()) if alike >= MOST else ()


def together(ours: Sums, base: Sums) -> float:
    """How well the norms follow the base's from row to row, 1 where that says nothing."""
    if ours.shape != base.shape or len(base) < FEWEST or not ((ours > 0) & (base > 0)).all():
        return 1.0
    logs = np.log(ours), np.log(base)
    if min(float(part.std()) for part in logs) < SPREAD:
        return 1.0
    return float(np.corrcoef(*logs)[0, 1])


def _apart(ours: Sums, base: Sums, tolerance: float) -> npt.NDArray[np.bool_]:
    """Where they differ by more than a part of the base's, or of the smallest that counts."""
    least = 0.01 * float(np.median(base)) if base.size else 0.0
    return np.asarray(np.abs(ours - base) > tolerance * np.maximum(base, least))
