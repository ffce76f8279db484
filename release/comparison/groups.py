"""Groups of columns with a scale of their own: one that is off shows in no mean, and in no row."""

import numpy as np

from release.comparison.results import OffGroup
from release.quantization.decoding.floats import Floats

SMALL = 1e-2
"""Groups of less energy than this part of the mean may be flushed."""

MOST = 1 << 16
"""Groups that are kept; of more it is not the scale of one that is wrong."""


class Groups:
    """Finds groups of `width` columns whose slope over the base is not near 1, row by row.

    The slope of a group is <w, d> / <w, w>, as for a whole weight.
    """

    def __init__(self, width: int, slope: tuple[float, float]) -> None:
        self._width, self._slope = width, slope
        self._energy, self._count = 0.0, 0
        self._off: list[tuple[float, OffGroup]] = []

    def add(self, start: int, base: Floats, ours: Floats) -> None:
        """Look at rows from `start` on."""
        if not self._width or base.shape[1] % self._width:
            return
        energy, both = self._sums(base * base), self._sums(base * ours)
        self._energy += float(energy.sum())
        self._count += energy.size
        low, high = self._slope
        off = np.abs(both - np.float32((low + high) / 2) * energy) > (high - low) / 2 * energy
        found = np.argwhere(off) if off.any() else off[:0]
        for row, column in found[: max(0, MOST - len(self._off))].tolist():
            size = float(energy[row, column])
            place = start + row, column * self._width
            self._off.append((size, OffGroup(*place, float(both[row, column]) / size)))

    def _sums(self, products: Floats) -> Floats:
        """Add up the columns of each group: (rows, groups). A product with ones is the fastest."""
        ones = np.ones(self._width, np.float32)
        sums: Floats = products.reshape(-1, self._width).dot(ones).reshape(len(products), -1)
        return sums

    def off(self) -> tuple[OffGroup, ...]:
        """The groups that are off, small ones left out."""
        least = SMALL * self._energy / max(self._count, 1)
        return tuple(group for size, group in self._off if size > least)
