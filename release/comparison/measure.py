"""How far a quantized weight is from what it was made of: one pass, a range of rows at a time.

`w` is the base, `d` the dequantized weight: SQNR = 10 log10(sum w^2 / sum (w - d)^2) in dB, slope
= <w, d> / <w, w>, cosine = <w, d> / |w| |d|, the relative error max|w - d| / max|w|. Sums are
float64. A code agrees where the base, divided by the stored scales, rounds to it.
"""

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from release.comparison.floors import Floors
from release.comparison.groups import Groups
from release.comparison.results import Measure, Row
from release.comparison.views import Matrix
from release.quantization.decoding import Rows
from release.quantization.decoding.floats import Floats

CHUNK = 1 << 17
"""Elements at a time: what is made of them stays in the cache, and memory is not asked for anew."""

TINY_ROW = 1e-3
"""Rows of a base norm under this part of the median row may be flushed: FP8 per tensor does it."""

STRAY, ASIDE = 0.15, 0.75
"""Cosine of a row that is another's: GPTQ leaves rows of trained weights 0.48, of odd ones 0.20,
and noise of more energy than they have. How much of it may lie along a row of few large values."""

CLEAR, LITTLE = 3, 0.1
"""What of a factor is no noise: more than this many times what lies aside, and a little."""

FEWEST_ROWS, LOST = 8, 0.5
"""Rows of a column that tell anything, and for what share of them the base is not zero."""

Sums = npt.NDArray[np.float64]


class Coded(Protocol):
    """A weight as codes and scales: one that is stored, or one that might have been."""

    shape: tuple[int, int]

    @property
    def group(self) -> int:
        """How many columns, side by side, share a scale with no others of their row; 0 for all."""

    def rows(self, start: int, stop: int) -> Rows:
        """Rows from `start` up to `stop`."""


def step_of(columns: int) -> int:
    """Rows to read at once: as many as `CHUNK` holds."""
    return max(1, CHUNK // max(columns, 1))


def measure(decoder: Coded, base: Matrix, floors: Floors) -> Measure:
    """Compare a weight with the base, its rows and groups by the bounds of its scheme."""
    rows, columns = decoder.shape
    tally = _Tally(rows, decoder.group, floors)
    step = step_of(columns)
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        tally.add(start, base.read(start, stop), decoder.rows(start, stop))
    return tally.result()


class _Tally:
    def __init__(self, rows: int, group: int, floors: Floors) -> None:
        self.floors = floors
        self.groups = Groups(group if group <= floors.grouped else 0, floors.group_slope)
        self.base: Sums = np.zeros(rows)
        self.ours: Sums = np.zeros(rows)
        self.both: Sums = np.zeros(rows)
        self.off: Sums = np.zeros(rows)
        self.lost: npt.NDArray[np.int64] | None = None
        self.far = np.zeros(rows, np.int64)
        self.elements = self.exact = self.near = self.clipped = self.flushed = self.nonzero = 0
        self.largest = self.largest_off = 0.0

    def add(self, start: int, base: Floats, rows: Rows) -> None:
        ours = rows.values()
        off = base - ours
        place = slice(start, start + len(base))
        self.base[place] = dot(base, base)
        self.ours[place] = dot(ours, ours)
        self.both[place] = dot(base, ours)
        self.off[place] = dot(off, off)
        self.elements += base.size
        self.largest = max(self.largest, _largest(base))
        self.largest_off = max(self.largest_off, _largest(off))
        present = base != 0
        self.nonzero += int(np.count_nonzero(present))
        self.flushed += int(np.count_nonzero(present & (ours == 0)))
        self.groups.add(start, base, ours)
        self._agree(start, rows, base, ours)

    def _agree(self, start: int, rows: Rows, base: Floats, ours: Floats) -> None:
        book, codes = rows.book, rows.codes
        steps = rows.in_steps(base)
        exact = (steps >= book.low.take(codes)) & (steps <= book.high.take(codes))
        self._note_columns(exact, ours)
        count = int(np.count_nonzero(exact))
        self.exact += count
        self.near += count
        if count < exact.size:
            rest, steps_of_rest = codes[~exact], steps[~exact]
            near = steps_of_rest >= book.near_low.take(rest)
            near &= steps_of_rest <= book.near_high.take(rest)
            self.near += int(np.count_nonzero(near))
            far = ~near & np.isfinite(steps_of_rest)
            if far.any():
                places = start + np.nonzero(~exact)[0][far]
                self.far += np.bincount(places, minlength=len(self.far))
        self.clipped += int(np.count_nonzero(np.abs(steps) > self.floors.clip * book.largest))

    def _note_columns(self, exact: npt.NDArray[np.bool_], ours: Floats) -> None:
        """Count, in columns that are zero until now, the codes that are not the base's."""
        if self.lost is None:
            self.lost = np.zeros(ours.shape[1], np.int64)
        zero = np.flatnonzero(self.lost >= 0)
        if len(zero):
            self.lost[zero] += np.count_nonzero(~exact[:, zero], axis=0)
            self.lost[zero[(ours[:, zero] != 0).any(axis=0)]] = -1

    def _dead_columns(self) -> list[int]:
        rows = len(self.base)
        if self.lost is None or rows < FEWEST_ROWS:
            return []
        found: list[int] = np.flatnonzero(self.lost > LOST * rows).tolist()
        return found

    def result(self) -> Measure:
        base, ours, both, off = (
            float(sums.sum()) for sums in (self.base, self.ours, self.both, self.off)
        )
        row_sqnr = decibels(self.base, self.off)
        typical = float(np.median(self.base[self.base > 0])) if base > 0 else 0.0
        judged = self.base > typical * TINY_ROW**2
        worst = int(np.argmin(np.where(judged, row_sqnr, np.inf))) if judged.any() else None
        off_groups = self.groups.off()
        _slope, away, aside = _slopes(self.base, self.ours, self.both)
        bad = judged & (~(row_sqnr >= self.floors.row) | (away > CLEAR * aside + LITTLE))
        return Measure(
            rows=len(self.base),
            elements=self.elements,
            sqnr=float(decibels(np.array([base]), np.array([off]))[0]),
            cosine=_ratio(both, math.sqrt(base) * math.sqrt(ours), empty=float(base == ours)),
            slope=_ratio(both, base),
            error=_ratio(self.largest_off, self.largest),
            exact=_ratio(self.exact, self.elements),
            near=_ratio(self.near, self.elements),
            gain=_ratio(math.sqrt(ours), math.sqrt(base)),
            clipped=_ratio(self.clipped, self.elements),
            flushed=_ratio(self.flushed, self.nonzero, empty=0.0),
            worst=None if worst is None else Row(worst, float(row_sqnr[worst])),
            bad_rows=tuple(np.flatnonzero(bad).tolist()),
            dead_rows=tuple(np.flatnonzero(bad & (self.ours == 0)).tolist()),
            stray_rows=tuple(
                r for r in strays(self.base, self.ours, self.both, self.floors) if bad[r]
            ),
            dead_columns=tuple(self._dead_columns()),
            far=int(self.far[judged].sum()),
            far_row=next(iter(np.flatnonzero(judged & (self.far > 0)).tolist()), None),
            off_groups=len(off_groups),
            off_group=next(iter(off_groups), None),
        )


def strays(base: Sums, ours: Sums, both: Sums, floors: Floors) -> list[int]:
    """Rows of another direction than even GPTQ gives them, or of a size that no noise explains.

    The sums are of each row's squares there and here, and of their products.
    """
    low, high = floors.group_slope
    slope, off, aside = _slopes(base, ours, both)
    resized = ~((slope >= low) & (slope <= high)) & (off > ASIDE * aside)
    turned = ~(both >= STRAY * np.sqrt(base * ours))
    found: list[int] = np.flatnonzero(resized | turned | (off > CLEAR * aside + LITTLE)).tolist()
    return found


def _slopes(base: Sums, ours: Sums, both: Sums) -> tuple[Sums, Sums, Sums]:
    """The slope of each row over the base's, how far from 1 it is, and what lies aside of it."""
    slope = both / base
    return slope, np.abs(slope - 1), np.sqrt(np.maximum(ours / base - slope**2, 0))


def dot(left: Floats, right: Floats) -> Sums:
    """Dot products of rows, in float64."""
    sums: Sums = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    return sums


def _largest(values: Floats) -> float:
    return max(float(values.max(initial=0)), -float(values.min(initial=0)))


def decibels(signal: Sums, noise: Sums) -> Sums:
    """Signal to noise in dB: infinite without noise, minus infinite for noise alone."""
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = 10 * (np.log10(signal) - np.log10(noise))
    return np.where(noise == 0, np.inf, decibels)


def _ratio(part: float, whole: float, *, empty: float = 1.0) -> float:
    """A share; of nothing it is all."""
    return part / whole if whole else empty
