"""Groups of columns with a scale of their own: one that is off shows in no mean, and in no row."""

import numpy as np

from release.comparison.results import OffGroup
from release.quantization.decoding.floats import Floats

SMALL = 1e-2
"""Groups of less energy than this part of the median one may be flushed."""

MOST = 1 << 16
"""Groups that are kept; of more it is not the scale of one that is wrong."""


class Groups:
    """Finds groups of `width` columns whose slope over the base is not near 1, row by row.

    The slope of a group is <w, d> / <w, w>, as for a whole weight.
    """

    def __init__(self, width: int, slope: tuple[float, float]) -> None:
        self._width, self._slope = width, slope
        self._medians: list[float] = []
        self._off: list[tuple[float, OffGroup]] = []

    def add(self, start: int, base: Floats, ours: Floats) -> None:
        """Look at rows from `start` on."""
        if not self._width or base.shape[1] % self._width:
            return
        grouped = (len(base), -1, self._width)
        theirs = base.reshape(grouped)
        energy = np.einsum("ijk,ijk->ij", theirs, theirs)
        both = np.einsum("ijk,ijk->ij", theirs, ours.reshape(grouped))
        self._medians.append(float(np.median(energy)))
        low, high = self._slope
        found = np.argwhere((both < low * energy) | (both > high * energy))
        for row, column in found[: max(0, MOST - len(self._off))].tolist():
            size = float(energy[row, column])
            place = start + row, column * self._width
            self._off.append((size, OffGroup(*place, float(both[row, column]) / size)))

    def off(self) -> tuple[OffGroup, ...]:
        """The groups that are off, small ones left out."""
        least = SMALL * float(np.median(self._medians)) if self._medians else 0.0
        return tuple(group for size, group in self._off if size > least)
