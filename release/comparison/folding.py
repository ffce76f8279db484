"""Scales that a method moved from one tensor into the next: found, and undone on the base.

SmoothQuant and AWQ divide a norm's weight by s and multiply by s the columns of the weights that it
feeds; AWQ moves them from the rows of up_proj and v_proj into the columns of down_proj and o_proj
too. What the model computes stays, so the scales of both sides have to cancel.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from release.comparison.measure import Coded, Sums, step_of
from release.comparison.results import Cause
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder
from release.quantization.decoding.floats import Floats

Mask = npt.NDArray[np.bool_]

SOUND = {Cause.NONE, Cause.RANGE}
"""What a weight may be once its scales are undone: small values are flushed without a fault."""

BF16_STEP, LEAST_DOUBT = np.float32(2**-8), np.float32(0.01)
LOST = 1e6
"""The factor that is left of infinity, where a norm has lost a value: no column was scaled so."""

TOLERANCE, OUTLIERS = 0.15, 0.05
"""How far the scales of partners may be from cancelling, and for how many channels."""

FAR, FLUSHED = 2.5, 0.5
"""How far none may be, but of columns of which more than this share is zero: these say little."""

COLUMN, SMALL = 0.3, 0.1
"""How far rounding, GPTQ's too, may leave a column of some size from the base's; its square."""


class Scaled(Matrix):
    """A matrix of the base, its rows and columns multiplied by factors."""

    def __init__(self, base: Matrix, columns: Floats | None, rows: Floats | None = None) -> None:
        self.base, self.by_column, self.by_row = base, columns, rows
        self.rows, self.columns, self.dtypes = base.rows, base.columns, base.dtypes

    def raw(self, start: int, stop: int) -> bytes | None:
        """What is scaled is stored nowhere: None."""
        del start, stop
        return None

    def read(self, start: int, stop: int) -> Floats:
        """Rows `start` to `stop`, scaled: (rows, columns)."""
        values = self.base.read(start, stop)
        if self.by_column is not None:
            values = values * self.by_column
        return values if self.by_row is None else values * self.by_row[start:stop, None]


def norm_ratios(ours: Floats, base: Floats) -> Iterator[tuple[Floats, Floats]]:
    """The columns' factors that a norm's change asks for: of `x * w`, and of `x * (1 + w)`.

    With each factor goes the part of it that may be wrong because the norm was rounded to BF16:
    of 1 + w that is much where w is near -1.
    """
    if ours.shape != base.shape or (ours == base).all():
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        for one in (np.float32(0), np.float32(1)):
            ratio = np.nan_to_num((one + base) / (one + ours), nan=1.0, posinf=LOST, neginf=LOST)
            yield ratio, LEAST_DOUBT + np.nan_to_num(BF16_STEP * np.abs(ours / (one + ours)))


def refine(decoder: Decoder, scaled: Scaled, doubt: Floats) -> Scaled | None:
    """Fit the columns' factors within their doubt; None where that does not explain ours."""
    fitted = fit_columns(decoder, scaled)
    if float(np.mean(np.abs(fitted - 1) > doubt)) > OUTLIERS or scaled.by_column is None:
        return None
    fitted = np.clip(fitted, 1 - doubt, 1 + doubt)  # a wrong value of the norm stays in its column
    return Scaled(scaled.base, scaled.by_column * fitted, scaled.by_row)


def fit_columns(decoder: Decoder, base: Matrix) -> Floats:
    """The factor of each column that brings the base nearest to ours, by least squares."""
    both, own, _energy = _column_sums(decoder, base)
    return _quotient(both, own)


def known_columns(decoder: Decoder, factors: Floats) -> Floats:
    """The factors of columns, NaN where rounding flushed so much of one that it is no estimate.

    0 are those of which nothing is left.
    """
    zeros, (rows, columns) = np.zeros(decoder.shape[1], np.int64), decoder.shape
    step = step_of(columns)
    for start in range(0, rows, step):
        values = decoder.rows(start, min(start + step, rows)).values()
        zeros += np.count_nonzero(values == 0, axis=0)
    known = np.where(zeros > FLUSHED * rows, np.float32(np.nan), factors)
    return np.where(zeros == rows, np.float32(0), known)


def columns_agree(ours: Coded, rounded: Coded, base: Matrix) -> tuple[Mask, Mask]:
    """Which columns are as plain rounding of the base's has them, and which are off by a factor.

    Those that are small in both tell nothing: rounding flushes them.
    """
    both, own, energy = _column_sums(ours, base)
    expected = _column_sums(rounded, base)[0]
    judged = np.maximum(own, energy) > SMALL * np.median(own)
    off = np.abs(both - expected) >= COLUMN * own
    return judged & ~off, judged & off


def fit_rows(decoder: Decoder, base: Matrix) -> Floats:
    """The factor of each row that brings the base nearest to ours, by least squares."""
    both, own = [], []
    for ours, theirs in _pieces(decoder, base):
        both.append(np.einsum("ij,ij->i", ours, theirs, dtype=np.float64))
        own.append(np.einsum("ij,ij->i", theirs, theirs, dtype=np.float64))
    return _quotient(np.concatenate(both), np.concatenate(own))


def cancel(columns: Floats | None, rows: Floats | None) -> bool:
    """Whether the factors of one weight's columns undo those of the other one's last rows.

    Heads that share keys and values have fewer rows than columns: these are not scaled. NaN is a
    factor that is not known, and undone by any; 0, of a column that is zero, by any but none.
    """
    if columns is None and rows is None:
        return True
    if columns is not None and rows is not None:
        if len(columns) > len(rows):
            return False
        columns = np.concatenate([np.ones(len(rows) - len(columns), np.float32), columns])
    ones = np.ones(1, np.float32)
    flushed = columns is not None and rows is not None and columns == 0
    product = (ones if columns is None else columns) * (ones if rows is None else rows)
    product = np.where(flushed, 1, product)
    far = (product > FAR) | (product < 1 / FAR)
    return float(np.mean(np.abs(product - 1) > TOLERANCE)) <= OUTLIERS and not far.any()


def _column_sums(weight: Coded, base: Matrix) -> tuple[Sums, Sums, Sums]:
    """Of each column the product with the base's, that of the base's with itself, and its own.

    Every row counts by the inverse of its energy, as rounding leaves it noise in proportion.
    """
    both, own, energy = (np.zeros(base.columns) for _ in range(3))
    for ours, theirs in _pieces(weight, base):
        size = np.einsum("ij,ij->i", theirs, theirs, dtype=np.float64)
        parts = 1 / np.where(size > 0, size, np.inf)
        both += np.einsum("ij,ij,i->j", ours, theirs, parts)
        own += np.einsum("ij,ij,i->j", theirs, theirs, parts)
        energy += np.einsum("ij,ij,i->j", ours, ours, parts)
    return both, own, energy


def _pieces(decoder: Coded, base: Matrix) -> Iterator[tuple[Floats, Floats]]:
    step = step_of(base.columns)
    for start in range(0, base.rows, step):
        stop = min(start + step, base.rows)
        yield decoder.rows(start, stop).values(), base.read(start, stop)


def _quotient(both: Sums, own: Sums) -> Floats:
    factors: Floats = np.where(own > 0, both / np.where(own > 0, own, 1), 1).astype(np.float32)
    return factors
