"""What the codes of a number format stand for, and which numbers round to each of them."""

from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from release.quantization.decoding.floats import E2M1, Floats, e4m3

CODES = 256


class Codebook(msgspec.Struct, frozen=True):
    """One number format; every table has an entry for each of the 256 bytes a code may be.

    `values` are the numbers, NaN where a code stands for none. A number between `low` and `high`
    of a code rounds to it, one between `near_low` and `near_high` to it or its neighbour; ends
    are inclusive, so that a tie belongs to both. `largest` is the largest magnitude.
    """

    values: Floats
    low: Floats
    high: Floats
    near_low: Floats
    near_high: Floats
    largest: float


@lru_cache
def float_book(bits: int) -> Codebook:
    """E2M1 in four bits, E4M3FN in eight. Raises `KeyError`."""
    return _book({4: E2M1, 8: e4m3()}[bits])


@lru_cache
def offset_book(bits: int) -> Codebook:
    """Unsigned fields of `bits`, with half their range as zero, as pack-quantized stores them."""
    return _book(np.arange(1 << bits, dtype=np.float32) - (1 << (bits - 1)))


@lru_cache
def signed_book(bits: int) -> Codebook:
    """Whole bytes in two's complement of which only `bits` are used, as int-quantized stores."""
    values = np.arange(CODES, dtype=np.uint8).view(np.int8).astype(np.float32)
    limit = 1 << (bits - 1)
    values[(values < -limit) | (values >= limit)] = np.nan
    return _book(values)


def _book(values: npt.NDArray[np.float32]) -> Codebook:
    table = np.full(CODES, np.nan, np.float32)
    table[: len(values)] = values
    known = np.isfinite(table)
    grid = np.unique(table[known])
    middles = (grid[1:] + grid[:-1]) / 2
    below = np.concatenate([[-np.inf, -np.inf], middles])  # below[rank + 1] is just under it
    above = np.concatenate([middles, [np.inf, np.inf]])
    rank = np.searchsorted(grid, np.where(known, table, 0))

    def bounds(side: npt.NDArray[np.float64], step: int, none: float) -> Floats:
        return np.where(known, side[rank + step], none).astype(np.float32)

    return Codebook(
        values=table,
        low=bounds(below, 1, np.inf),
        high=bounds(above, 0, -np.inf),
        near_low=bounds(below, 0, np.inf),
        near_high=bounds(above, 1, -np.inf),
        largest=float(np.abs(grid).max()),
    )
