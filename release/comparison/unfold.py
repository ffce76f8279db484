"""Weights of SmoothQuant and AWQ, compared after their scales were undone on the base."""

from collections.abc import Collection, Iterator
from itertools import product

import msgspec
import numpy as np

from release.comparison.behind import behind
from release.comparison.compare import Comparer, Plain
from release.comparison.feeding import PARTNERS, SCALED_ROWS, partners
from release.comparison.folding import (
    SOUND,
    Mask,
    Scaled,
    cancel,
    columns_agree,
    fit_columns,
    fit_rows,
    known_columns,
    refine,
)
from release.comparison.ideal import Ideal
from release.comparison.norms import Norms, are_divided, are_scaled, whole
from release.comparison.plain import compare
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.comparison.views import Matrix
from release.quantization.decoding import FLOAT_WIDTHS, Decoder
from release.quantization.decoding.floats import Floats

ALIKE = 0.99999
"""Cosine of an unquantized weight and the base's, scaled: what rounding the product leaves."""

UNKNOWN_NORM = "its scales are in weights that are not the base's"

OWN_SCALES = "the scales of its rows or columns"


class Unfolding:
    """Undoes folded scales, and keeps which norms and which factors it needed."""

    def __init__(self, comparer: Comparer) -> None:
        self._comparer, self._norms = comparer, Norms(comparer)
        self._used: dict[str, list[tuple[str, Scaled]]] = {}
        self._columns: dict[str, Floats] = {}
        self._rows: dict[str, Floats] = {}
        self._unproven: set[str] = set()

    def weights(self, compared: list[Compared]) -> list[Compared]:
        """Measure again what departs from the base as it is."""
        again = self._comparer.in_threads(self._undone, compared, lambda w: w.measure.elements)
        again = self._without_needless(again)
        apart = {}
        for at, other, words in self._uncancelled(again):
            apart[at] = words
            self._unproven.add(other)
        cleared = self._behind_wrong_norms(again, apart)
        zero = {item.module: item for item in compared if item.cause is Cause.COLUMNS}
        return [
            zero.get(item.module)
            or msgspec.structs.replace(item, cause=Cause.FACTOR, detail=apart[item.module])
            if item.module in apart and item.module not in cleared
            else cleared.get(item.module, item)
            for item in again
        ]

    def differences(self, found: list[Difference], compared: list[Compared]) -> list[Difference]:
        """Accept norms whose change is in the weights they feed, and weights scaled by norms."""
        broken = {item.module for item in compared if item.cause not in SOUND} | self._unproven
        fed: dict[str | None, set[str]] = {}
        for weight in compared:
            fed.setdefault(self._norms.before(weight.module), set()).add(weight.module)
        judged = [self._accepted(item, broken) for item in found]
        for item in judged:
            behind = fed.get(item.tensor, set())
            if item.likeness.sameness is Sameness.DIFFERENT and behind and behind <= broken:
                self._comparer.reasons[item.tensor] = UNKNOWN_NORM
        return [item for item in judged if item.tensor not in self._comparer.reasons]

    def _undone(self, item: Compared) -> Compared:
        """Take the first change whose undoing brings the weight to where its scheme should be.

        A change too small to be seen is undone as well, where that makes the weight more alike.
        """
        weight = self._comparer.weights[item.module]
        decoder = self._comparer.decoder(weight)
        for norm, scaled in self._candidates(item, decoder):
            fitted = not norm or scaled.by_row is not None
            measure, cause = self._comparer.judge(weight, decoder, scaled, fitted=fitted)
            better = item.cause is not Cause.NONE or measure.sqnr > item.measure.sqnr
            if cause in SOUND and better:
                self._keep(item.module, norm, scaled)
                undone = norm or OWN_SCALES
                return msgspec.structs.replace(item, measure=measure, cause=cause, undone=undone)
        return item

    def _behind_wrong_norms(
        self, compared: list[Compared], apart: Collection[str]
    ) -> dict[str, Compared]:
        """Clear weights behind a norm that is wrong, which is said of the norm: these by name.

        `apart` are those whose rows would have to be scaled as well, which nothing undoes.
        """
        fed: dict[str, list[Compared]] = {}
        for item in compared:
            norm = self._norms.before(item.module)
            wrong = item.cause not in SOUND or item.module in apart
            if norm and wrong and any(self._norms.ratios(item.module)):
                fed.setdefault(norm, []).append(item)
        broken = {item.module for items in fed.values() for item in items}
        cleared: dict[str, Compared] = {}
        for norm, items in fed.items():
            if not self._is_undone(norm, broken):
                found = behind(self._comparer, self._norms, items)
                cleared |= found
                for module in found:
                    self._forget(module)
        return cleared

    def _candidates(self, item: Compared, decoder: Decoder) -> Iterator[tuple[str, Scaled]]:
        """The base as a change of the norm before, of our columns or of our rows would have it."""
        base, last = self._comparer.matrix(item.module), item.module.rpartition(".")[2]
        for norm, ratio, doubt in self._norms.ratios(item.module):
            scaled = Scaled(base, ratio)
            for columns in filter(None, (scaled, refine(decoder, scaled, doubt))):
                yield norm, columns
                if last in SCALED_ROWS:
                    yield norm, Scaled(base, columns.by_column, fit_rows(decoder, columns))
        if item.cause is not Cause.NONE and last in SCALED_ROWS:
            yield "", Scaled(base, None, fit_rows(decoder, base))
        if item.cause is not Cause.NONE and last in PARTNERS:
            yield "", Scaled(base, fit_columns(decoder, base))

    def _keep(self, module: str, norm: str, scaled: Scaled) -> None:
        if norm:
            self._used.setdefault(norm, []).append((module, scaled))
        elif scaled.by_column is not None:
            decoder = self._comparer.decoder(self._comparer.weights[module])
            self._columns[module] = known_columns(decoder, scaled.by_column)
        if scaled.by_row is not None:
            self._rows[module] = scaled.by_row

    def _without_needless(self, again: list[Compared]) -> list[Compared]:
        """Undo no norm where the rows alone explain a weight, and their factors cancel."""
        items = {item.module: item for item in again}
        for at, module, _ in self._uncancelled(again):
            weight = self._comparer.weights[module]
            decoder, base = self._comparer.decoder(weight), self._comparer.matrix(module)
            by_row = Scaled(base, None, fit_rows(decoder, base))
            measure, cause = self._comparer.judge(weight, decoder, by_row, fitted=True)
            if cause in SOUND and cancel(self._columns.get(at), by_row.by_row):
                self._forget(module)
                self._keep(module, "", by_row)
                items[module] = msgspec.structs.replace(
                    items[module], measure=measure, cause=cause, undone=OWN_SCALES
                )
        return list(items.values())

    def _forget(self, module: str) -> None:
        """Take back what was found to be undone of a weight."""
        self._rows.pop(module, None)
        for norm, uses in self._used.items():
            self._used[norm] = [use for use in uses if use[0] != module]

    def _uncancelled(self, compared: list[Compared]) -> list[tuple[str, str, str]]:
        """Where the scaled columns of one weight and the rows of another do not cancel.

        The weight to name, the one whose rows they are, and what to say.
        """
        good = {item.module for item in compared if item.cause in SOUND}
        found = []
        for module in good:
            other = next((name for name in partners(module) if name in good), None)
            columns, rows = self._columns.get(module), self._rows.get(other or "")
            if other is None or cancel(columns, rows):
                continue
            scaled = f"the rows of {other}" if columns is not None else "its rows"
            whose = "its columns and " if columns is not None else f"the columns of {module} and "
            at = module if columns is not None else other
            words = f"{whose}{scaled} are scaled by factors that do not cancel"
            found.append((at, other, words))
        return found

    def _accepted(self, item: Difference, broken: set[str]) -> Difference:
        if item.likeness.sameness is not Sameness.DIFFERENT:
            return item
        plain = self._comparer.plains[item.tensor]
        folded = self._is_undone(item.tensor, broken) or self._is_scaled_bias(plain, broken)
        if not folded and len(plain.info.shape) > 1:
            folded = self._is_scaled(plain)
        if not folded:
            return item
        likeness = msgspec.structs.replace(item.likeness, sameness=Sameness.FOLDED)
        return msgspec.structs.replace(item, likeness=likeness)

    def _is_undone(self, norm: str, broken: set[str]) -> bool:
        """Whether every single change of the norm is in the columns of a weight that it feeds.

        A value of it that is wrong would show in the same column of all of them.
        """
        uses = [use for use in self._used.get(norm, ()) if use[0] not in broken]
        if not uses:
            return False
        agreed, off = zip(*(self._columns_of(*use) for use in uses), strict=True)
        return not (np.any(off, axis=0) & ~np.any(agreed, axis=0)).any()

    def _columns_of(self, module: str, scaled: Scaled) -> tuple[Mask, Mask]:
        decoder = self._comparer.decoder(self._comparer.weights[module])
        return columns_agree(decoder, Ideal(decoder, scaled), scaled)

    def _is_scaled_bias(self, plain: Plain, broken: set[str]) -> bool:
        """Whether a bias is the base's, scaled as the rows of its weight, or as its norm, are."""
        module, dot, role = plain.tensor.rpartition(".")
        if role != "bias" or not dot or plain.info.dtype not in FLOAT_WIDTHS:
            return False
        ours, norm = whole(plain.info, self._comparer.ours), f"{module}.weight"
        bases = (Matrix(view, self._comparer.base) for view in plain.views)
        biases = [base.read(0, base.rows).reshape(-1) for base in bases]
        rows = self._rows.get(module)
        if rows is not None:
            return any(are_scaled(ours, bias, rows) for bias in biases)
        return self._is_undone(norm, broken) and any(
            are_divided(ours, bias, *change)
            for bias, change in product(biases, self._norms.changes(norm))
        )

    def _is_scaled(self, plain: Plain) -> bool:
        module, view = plain.tensor.removesuffix(".weight"), plain.views[0]
        comparer, base = self._comparer, Matrix(view, self._comparer.base)
        return any(
            compare(plain.info, comparer.ours, Scaled(base, ratio)).cosine > ALIKE
            for _norm, ratio, _doubt in self._norms.ratios(module)
        )
