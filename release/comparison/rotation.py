"""Weights of SpinQuant and QuIP: multiplied by rotations, which leave nothing but their norm."""

import msgspec
import numpy as np

from release.comparison.compare import Comparer
from release.comparison.folding import Scaled, feeding_norms
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.comparison.views import Matrix
from release.quantization.decoding import FLOAT_WIDTHS, to_float32
from release.quantization.decoding.floats import Floats

GAIN = (0.9, 1.1)
"""The norm of a rotated weight over the base's: quantization leaves 2 % of it in doubt."""

ROUNDED = 0.02
"""How much rounding to BF16 may change the norm of a rotated bias."""

ROTATED = "its method rotates it: of the values only their norm is compared"


class Rotation:
    """Compares what rotations leave; what they do not is in the comparer's `reasons`."""

    def __init__(self, comparer: Comparer) -> None:
        self._comparer = comparer

    def weights(self, compared: list[Compared]) -> list[Compared]:
        """Keep the weights that can be compared, and those whose norm is another."""
        again = self._comparer.in_threads(self._by_norm, compared, lambda w: w.measure.elements)
        return [item for item in again if item is not None]

    def differences(self, found: list[Difference]) -> list[Difference]:
        """Keep the tensors that are the base's, and what no rotation changes."""
        kept = []
        for item in found:
            if item.likeness.sameness is Sameness.DIFFERENT and self._is_rotated(item.tensor):
                self._comparer.reasons[item.tensor] = ROTATED
            else:
                kept.append(item)
        return kept

    def _is_rotated(self, tensor: str) -> bool:
        """Whether it is a matrix, a norm that went into the weights, or a bias of the same norm."""
        plain = self._comparer.plains[tensor]
        ours = self._ours(tensor)
        if len(plain.info.shape) > 1 or (ours == 1).all():
            return True
        if not tensor.endswith(".bias"):
            return False
        base = Matrix(plain.views[0], self._comparer.base)
        expected = float(np.linalg.norm(base.read(0, base.rows)))
        return abs(float(np.linalg.norm(ours)) - expected) < ROUNDED * expected

    def _by_norm(self, item: Compared) -> Compared | None:
        if item.cause is Cause.NONE:
            return item
        gain = self._gain(item)
        low, high = GAIN
        if low <= gain <= high:
            self._comparer.reasons[item.module] = ROTATED
            return None
        detail = f"its norm is {gain:.3g} times the base's, which no rotation changes"
        return msgspec.structs.replace(item, cause=Cause.FACTOR, detail=detail)

    def _gain(self, item: Compared) -> float:
        """The gain nearest to 1, with the norm before the weight multiplied into it or not."""
        comparer, weight = self._comparer, self._comparer.weights[item.module]
        gains = [item.measure.gain]
        for norm in feeding_norms(item.module):
            plain = comparer.plains.get(norm)
            if plain is None or norm in comparer.reasons or not (self._ours(norm) == 1).all():
                continue
            base = Matrix(plain.views[0], comparer.base)
            by_norm = base.read(0, base.rows).reshape(-1)
            scaled = Scaled(comparer.matrix(item.module), by_norm)
            measure, _cause = comparer.judge(weight, comparer.decoder(weight), scaled)
            gains.append(measure.gain)
        return min(gains, key=lambda gain: abs(gain - 1))

    def _ours(self, tensor: str) -> Floats:
        info = self._comparer.plains[tensor].info
        if len(info.shape) != 1 or info.dtype not in FLOAT_WIDTHS:
            return np.zeros(1, np.float32)
        return to_float32(self._comparer.ours.read(info, 0, info.nbytes), info.dtype)
