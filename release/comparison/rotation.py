"""Weights of SpinQuant and QuIP: multiplied by rotations, which leave nothing but their norm."""

from collections.abc import Iterator

import msgspec
import numpy as np

from release.comparison.compare import Comparer, Plain
from release.comparison.feeding import feeding_norms
from release.comparison.folding import Scaled
from release.comparison.invariants import ORDERED, agree, row_norms, together, wrong_ones
from release.comparison.measure import Sums
from release.comparison.names import canonical
from release.comparison.neighbours import neighbours
from release.comparison.pairing import EMBEDDINGS
from release.comparison.results import ROTATED, Cause, Compared, Difference, Sameness
from release.comparison.views import Matrix
from release.quantization.decoding import FLOAT_WIDTHS, to_float32
from release.quantization.decoding.floats import Floats

GAIN = (0.9, 1.1)
"""The norm of a rotated weight over the base's: quantization leaves 2 % of it in doubt."""

MIXED = {"v_proj"}
"""Read the stream, and are rotated on their other side too."""

ITS_OWN = 0.9
"""How well the norms of rows go together that are of one weight."""

ROUNDED = 0.02
"""How much rounding to BF16 may change the norm of a rotated bias."""


class Rotation:
    """Compares what rotations leave; what they do not is in the comparer's `reasons`.

    `spun`: by SpinQuant, which rotates the stream between the layers. Weights that read it, and the
    embeddings, keep the norms of their rows. QuIP rotates Linears on both sides, and nothing else.
    """

    def __init__(self, comparer: Comparer, *, spun: bool) -> None:
        self._comparer, self._spun = comparer, spun

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
        if canonical(tensor) == EMBEDDINGS:
            return self._spun and self._has_rows(plain)
        if len(plain.info.shape) > 1 or (ours == 1).all():
            return True
        if not tensor.endswith(".bias"):
            return False
        size = float(np.linalg.norm(ours))
        bases = (Matrix(view, self._comparer.base) for view in plain.views)
        sizes = (float(np.linalg.norm(base.read(0, base.rows))) for base in bases)
        return any(abs(size - expected) < ROUNDED * expected for expected in sizes)

    def _has_rows(self, plain: Plain) -> bool:
        """Whether the rows of a table have the norms of the base's, less its mean in each.

        SpinQuant takes the mean of every row away before it rotates.
        """
        base = Matrix(plain.views[0], self._comparer.base)
        info, source = plain.info, self._comparer.ours
        width = info.nbytes // max(base.rows, 1)

        def read(start: int, stop: int) -> Floats:
            raw = source.read(info, start * width, (stop - start) * width)
            return to_float32(raw, info.dtype).reshape(stop - start, base.columns)

        if info.dtype not in FLOAT_WIDTHS:
            return True

        def centred(start: int, stop: int) -> Floats:
            values = base.read(start, stop)
            values -= values.mean(axis=1, keepdims=True)
            return values

        ours = row_norms(read, base.rows, base.columns)
        return any(
            agree(ours, row_norms(theirs, base.rows, base.columns))
            for theirs in (centred, base.read)
        )

    def _by_norm(self, item: Compared) -> Compared | None:
        if item.cause is Cause.NONE:
            return item
        gain = self._gain(item)
        low, high = GAIN
        if low <= gain <= high:
            rows = self._wrong_rows(item.module)
            if rows:
                measure = msgspec.structs.replace(
                    item.measure, bad_rows=rows, dead_rows=(), worst=None
                )
                return msgspec.structs.replace(item, measure=measure, cause=Cause.ROWS)
            if self._together(item.module, item.module) < ORDERED:
                return self._displaced(item)
            self._comparer.reasons[item.module] = ROTATED
            return None
        detail = f"its norm is {gain:.3g} times the base's, which no rotation changes"
        return msgspec.structs.replace(item, cause=Cause.FACTOR, detail=detail)

    def _gain(self, item: Compared) -> float:
        """The gain nearest to 1, with the norm before the weight multiplied into it or not."""
        comparer, weight = self._comparer, self._comparer.weights[item.module]
        gains = [item.measure.gain]
        for scaled in self._with_norms(item.module):
            measure, _cause = comparer.judge(weight, comparer.decoder(weight), scaled)
            gains.append(measure.gain)
        return min(gains, key=lambda gain: abs(gain - 1))

    def _with_norms(self, module: str) -> Iterator[Scaled]:
        """The base's weight with a norm multiplied into its columns that is all ones here."""
        comparer = self._comparer
        for norm in feeding_norms(module):
            plain = comparer.plains.get(norm)
            if plain is None or norm in comparer.reasons or not (self._ours(norm) == 1).all():
                continue
            base = Matrix(plain.views[0], comparer.base)
            by_norm = base.read(0, base.rows).reshape(-1)
            yield Scaled(comparer.matrix(module), by_norm)

    def _wrong_rows(self, module: str) -> tuple[int, ...]:
        """The rows whose norm is not the base's, of a weight that reads what is rotated."""
        found = [wrong_ones(ours, base) for ours, base in self._norms_of_rows(module, module)]
        return min(found, key=len, default=())

    def _together(self, module: str, other: str) -> float:
        """How well the norms of a weight's rows follow those of the base's, there or elsewhere."""
        pairs = self._norms_of_rows(module, other)
        return max((together(ours, base) for ours, base in pairs), default=1.0)

    def _displaced(self, item: Compared) -> Compared:
        """Say whose rows a weight has, or that they are in no order that is known."""
        shapes = {name: weight.shape for name, weight in self._comparer.weights.items()}
        for other in neighbours(item.module, shapes):
            if any(feeding_norms(other)) and self._together(item.module, other) > ITS_OWN:
                return msgspec.structs.replace(item, cause=Cause.HOLDS_ANOTHER, detail=other)
        detail = "the norms of its rows are not those of the base's rows"
        return msgspec.structs.replace(item, cause=Cause.DISORDER, detail=detail)

    def _norms_of_rows(self, module: str, other: str) -> Iterator[tuple[Sums, Sums]]:
        """The norms of our rows, and of another weight's in the base, where they stay as they are.

        With the norm before it multiplied in, and without.
        """
        last = module.rpartition(".")[2]
        if not self._spun or last in MIXED or not any(feeding_norms(module)):
            return
        decoder = self._comparer.decoder(self._comparer.weights[module])
        ours = row_norms(lambda start, stop: decoder.rows(start, stop).values(), *decoder.shape)
        for base in (self._comparer.matrix(other), *self._with_norms(other)):
            yield ours, row_norms(base.read, base.rows, base.columns)

    def _ours(self, tensor: str) -> Floats:
        info = self._comparer.plains[tensor].info
        if len(info.shape) != 1 or info.dtype not in FLOAT_WIDTHS:
            return np.zeros(1, np.float32)
        return to_float32(self._comparer.ours.read(info, 0, info.nbytes), info.dtype)
