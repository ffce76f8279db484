"""The norms before quantized weights: what their change asks of the columns that they feed."""

from collections.abc import Iterator

import numpy as np

from release.checkpoint import TensorInfo
from release.comparison.compare import Comparer
from release.comparison.feeding import feeding_norms
from release.comparison.folding import OUTLIERS, TOLERANCE, norm_ratios
from release.comparison.views import Matrix, Source
from release.quantization.decoding import FLOAT_WIDTHS, to_float32
from release.quantization.decoding.floats import Floats


class Norms:
    """Norms of ours beside the base's."""

    def __init__(self, comparer: Comparer) -> None:
        self._comparer = comparer

    def before(self, module: str) -> str | None:
        """The norm before a module, as a tensor; None where it could not be compared."""
        found = next((n for n in feeding_norms(module) if n in self._comparer.plains), None)
        return None if found in self._comparer.reasons else found

    def ratios(self, module: str) -> Iterator[tuple[str, Floats, Floats]]:
        """The factors that a changed norm before a module asks of its columns, and their doubt."""
        norm = self.before(module)
        for ratio, doubt in self.changes(norm) if norm else ():
            yield norm or "", ratio, doubt

    def changes(self, norm: str) -> Iterator[tuple[Floats, Floats]]:
        """What the base's norm is of ours, by channel, and the doubt of that."""
        plain = self._comparer.plains[norm]
        if plain.info.dtype in FLOAT_WIDTHS:
            ours = whole(plain.info, self._comparer.ours)
            base = Matrix(plain.views[0], self._comparer.base)
            yield from norm_ratios(ours, base.read(0, base.rows).reshape(-1))


def are_divided(ours: Floats, base: Floats, ratio: Floats, doubt: Floats) -> bool:
    """Whether the bias of a norm is the base's divided as its weight is, but for rounding."""
    if not ours.shape == base.shape == ratio.shape:
        return False
    return bool((np.abs(ours * ratio - base) <= 2 * doubt * np.abs(base)).all())


def are_scaled(ours: Floats, base: Floats, factors: Floats) -> bool:
    """Whether these are the base's times the factors, up to what rounding leaves in doubt."""
    if not ours.shape == base.shape == factors.shape:
        return False
    expected = base * factors
    off = np.abs(ours - expected) > TOLERANCE * np.abs(expected)
    return float(off.mean()) <= OUTLIERS


def whole(info: TensorInfo, source: Source) -> Floats:
    """Read a tensor as float32."""
    return np.array(to_float32(source.read(info, 0, info.nbytes), info.dtype))
