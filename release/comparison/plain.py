"""Tensors that are not quantized: the same values as the base's, in the same dtype or another."""

import numpy as np

from release.checkpoint import TensorInfo
from release.comparison.results import Likeness, Sameness
from release.comparison.views import PLAIN, Matrix, Source, Unreadable
from release.quantization.decoding import FLOAT_WIDTHS, to_float32
from release.quantization.decoding.floats import Floats

PIECE = 1 << 20
"""Elements at a time."""

BF16_STEP, LEAST = 2**-8, 0.2
"""What rounding may change of a value, and how much of a summand it may be at most."""

ALIKE, FACTOR = 1 - 2e-5, 0.02
"""The cosine of values that were rounded twice, and how far a factor is from 1 that is none."""


def compare(info: TensorInfo, ours: Source, base: Matrix) -> Likeness:
    """Compare a tensor with rows of the base. Raises `Unreadable` for dtypes without values.

    Equal means equal in the narrower of both dtypes: the wider one was cast, in either direction.
    """
    if base.dtypes == {info.dtype} and _same_bytes(info, ours, base):
        return Likeness(Sameness.IDENTICAL, info.elements)
    if info.dtype not in PLAIN or not base.dtypes <= PLAIN:
        raise Unreadable(f"it is stored as {info.dtype}, and not as in the base")
    width, columns = FLOAT_WIDTHS[info.dtype], base.columns
    narrow = min({info.dtype} | base.dtypes, key=lambda dtype: _SIZE[dtype])
    tally = _Difference(recentred=info.dtype == "BF16" and len(info.shape) == 1)
    step = max(1, PIECE // max(columns, 1))
    for start in range(0, base.rows, step):
        stop = min(start + step, base.rows)
        at, count = start * columns * width, (stop - start) * columns * width
        values = to_float32(ours.read(info, at, count), info.dtype)
        tally.add(start * columns, values, base.read(start, stop).reshape(-1), narrow)
    return tally.result(cast=base.dtypes != {info.dtype})


def _same_bytes(info: TensorInfo, ours: Source, base: Matrix) -> bool:
    """Whether the base stores the same bytes in one place: no need to look at their values."""
    row = info.nbytes // max(base.rows, 1)
    step = max(1, 2 * PIECE // max(row, 1))
    for start in range(0, base.rows, step):
        stop = min(start + step, base.rows)
        theirs = base.raw(start, stop)
        if theirs is None or theirs != ours.read(info, start * row, (stop - start) * row):
            return False
    return True


def same_values(info: TensorInfo, ours: Source, base: Matrix) -> bool:
    """Whether a tensor of the same shape has the base's values, up to a cast."""
    return compare(info, ours, base).sameness is not Sameness.DIFFERENT


_SIZE = {"BF16": 1, "F16": 2, "F32": 4, "F64": 8}


class _Difference:
    def __init__(self, *, recentred: bool) -> None:
        self.recentred = recentred
        self.elements = self.differing = 0
        self.first: int | None = None
        self.low, self.high = np.inf, -np.inf
        self.largest = self.span = self.ours = self.base = self.both = 0.0

    def add(self, start: int, ours: Floats, base: Floats, narrow: str) -> None:
        self.elements += len(base)
        unequal = _narrowed(ours, narrow) != _narrowed(base, narrow)
        count = int(np.count_nonzero(unequal))
        if self.recentred and count:
            one = np.float32(1)
            again = _narrowed(_narrowed(base + one, "BF16") - one, "BF16")
            self.recentred = bool((again == ours).all())
        if count and self.first is None:
            self.first = start + int(np.argmax(unequal))
        self.differing += count
        if base.size:
            self.span = max(self.span, float(np.abs(base).max()))
            change = ours - base
            self.low = min(self.low, float(change.min()))
            self.high = max(self.high, float(change.max()))
            self.largest = max(self.largest, float(np.abs(change).max()))
        self.ours += _dot(ours, ours)
        self.base += _dot(base, base)
        self.both += _dot(ours, base)

    def result(self, *, cast: bool) -> Likeness:
        if not self.differing:
            return Likeness(Sameness.CAST if cast else Sameness.IDENTICAL, self.elements)
        norm = (self.ours * self.base) ** 0.5
        return Likeness(
            Sameness.RECENTRED if self.recentred else Sameness.DIFFERENT,
            self.elements,
            self.both / norm if norm else 0.0,
            self.differing,
            self.first,
            self.largest / self.span if self.span else float("inf"),
            self._change(),
        )

    def _change(self) -> str:
        """The factor or the summand, but of one that rounding could be."""
        norm = (self.ours * self.base) ** 0.5
        if norm and self.elements > 1 and self.both / norm >= ALIKE:  # one number has no direction
            factor = self.both / self.base
            return f"times {factor:.2g}" if abs(factor - 1) > FACTOR else ""
        rounding = 2 * BF16_STEP * (self.span + self.largest)
        summand = (self.high + self.low) / 2
        if self.differing < self.elements or self.high - self.low > rounding:
            return ""
        return f"plus {summand:.2g}" if abs(summand) * LEAST > rounding else ""


def _narrowed(values: Floats, dtype: str) -> Floats:
    """Round to a dtype, to nearest even."""
    if dtype == "F16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    if dtype != "BF16":
        return values
    words = values.view(np.uint32)
    rounded = words + (0x7FFF + ((words >> 16) & 1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)


def _dot(left: Floats, right: Floats) -> float:
    return float(np.einsum("i,i->", left, right, dtype=np.float64))
