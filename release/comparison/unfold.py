"""Weights of SmoothQuant and AWQ, compared after their scales were undone on the base."""

from collections.abc import Collection, Iterator

import msgspec
import numpy as np

from release.checkpoint import TensorInfo
from release.comparison.compare import Comparer, Plain
from release.comparison.folding import (
    OUTLIERS,
    PARTNERS,
    TOLERANCE,
    Mask,
    Scaled,
    cancel,
    columns_agree,
    feeding_norms,
    fit_columns,
    fit_rows,
    known_columns,
    norm_ratios,
    partners,
    refine,
)
from release.comparison.ideal import Ideal
from release.comparison.plain import compare
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.comparison.views import Matrix, Source
from release.quantization.decoding import FLOAT_WIDTHS, Decoder, to_float32
from release.quantization.decoding.floats import Floats

ALIKE = 0.99999
"""Cosine of an unquantized weight and the base's, scaled: what rounding the product leaves."""

SOUND = {Cause.NONE, Cause.RANGE}
"""What a weight may be once its scales are undone: small values are flushed without a fault."""

WRONG = 0.5
"""How far from 1 the factor of a column is that its norm does not explain."""

SCALED_ROWS = frozenset(name for names in PARTNERS.values() for name in names)


class Unfolding:
    """Undoes folded scales, and keeps which norms and which factors it needed."""

    def __init__(self, comparer: Comparer) -> None:
        self._comparer = comparer
        self._used: dict[str, list[tuple[str, Scaled]]] = {}
        self._columns: dict[str, Floats] = {}
        self._rows: dict[str, Floats] = {}

    def weights(self, compared: list[Compared]) -> list[Compared]:
        """Measure again what departs from the base as it is."""
        again = self._comparer.in_threads(self._undone, compared, lambda w: w.measure.elements)
        apart = self._uncancelled(again)
        cleared = self._behind_wrong_norms(again, apart)
        return [
            msgspec.structs.replace(item, cause=Cause.FACTOR, detail=apart[item.module])
            if item.module in apart and item.module not in cleared
            else cleared.get(item.module, item)
            for item in again
        ]

    def differences(self, found: list[Difference], compared: list[Compared]) -> list[Difference]:
        """Accept norms whose change is in the weights they feed, and weights scaled by norms."""
        broken = {item.module for item in compared if item.cause not in SOUND}
        return [self._accepted(item, broken) for item in found]

    def _undone(self, item: Compared) -> Compared:
        """Take the first change whose undoing brings the weight to where its scheme should be.

        A change too small to be seen is undone as well, where that makes the weight more alike.
        """
        weight = self._comparer.weights[item.module]
        decoder = self._comparer.decoder(weight)
        for norm, scaled in self._candidates(item, decoder):
            measure, cause = self._comparer.judge(weight, decoder, scaled, fitted=not norm)
            better = item.cause is not Cause.NONE or measure.sqnr > item.measure.sqnr
            if cause in SOUND and better:
                self._keep(item.module, norm, scaled)
                undone = norm or "the scales of its rows or columns"
                return msgspec.structs.replace(item, measure=measure, cause=cause, undone=undone)
        return item

    def _behind_wrong_norms(
        self, compared: list[Compared], apart: Collection[str]
    ) -> dict[str, Compared]:
        """Clear weights behind a norm that is wrong, which is said of the norm: these by name.

        Their columns are scaled as the norm is but for a few, or all alike in another way. `apart`
        are those whose rows would have to be scaled as well, and are not undone.
        """
        fed: dict[str, list[Compared]] = {}
        for item in compared:
            norm = self._norm(item.module)
            wrong = item.cause not in SOUND or item.module in apart
            if norm and wrong and any(self._ratios(item.module)):
                fed.setdefault(norm, []).append(item)
        broken = {item.module for items in fed.values() for item in items}
        cleared: dict[str, Compared] = {}
        for norm, items in fed.items():
            if self._is_undone(norm, broken):
                continue
            alike = self._scaled_alike(items) if len(items) > 1 else {}
            for item in () if alike else items:
                alike |= self._but_for_a_few(item)
            cleared |= alike
            self._used[norm] = [use for use in self._used.get(norm, ()) if use[0] not in alike]
        return cleared

    def _scaled_alike(self, items: list[Compared]) -> dict[str, Compared]:
        """The weights by name, each with its columns scaled as they are in all; else none."""
        found: dict[str, Compared] = {}
        common: Floats | None = None
        for item in items:
            decoder = self._comparer.decoder(self._comparer.weights[item.module])
            base = self._comparer.matrix(item.module)
            factors = fit_columns(decoder, base)
            common = factors if common is None else common
            good = self._good(item, decoder, base, factors)
            if not good or not _are(factors, common, np.ones_like(common)):
                return {}
            found |= good
        return found

    def _but_for_a_few(self, item: Compared) -> dict[str, Compared]:
        """The weight by name, its columns scaled as the norm's change asks for, but for a few."""
        decoder = self._comparer.decoder(self._comparer.weights[item.module])
        base = self._comparer.matrix(item.module)
        for _norm, ratio, doubt in self._ratios(item.module):
            fitted = fit_columns(decoder, Scaled(base, ratio))
            wrong = np.abs(fitted - 1) > np.maximum(doubt, WRONG)
            if float(wrong.mean()) <= OUTLIERS:
                good = self._good(item, decoder, base, np.where(wrong, ratio * fitted, ratio))
                if good:
                    return good
        return {}

    def _good(
        self, item: Compared, decoder: Decoder, base: Matrix, factors: Floats
    ) -> dict[str, Compared]:
        """The weight by name, where it is sound once its columns are scaled."""
        weight, scaled = self._comparer.weights[item.module], Scaled(base, factors)
        choices = [scaled]
        if item.module.rpartition(".")[2] in SCALED_ROWS:
            choices.append(Scaled(base, factors, fit_rows(decoder, scaled)))
        for choice in choices:
            measure, cause = self._comparer.judge(weight, decoder, choice, fitted=True)
            if cause in SOUND:
                undone = "the scales of its columns"
                return {
                    item.module: msgspec.structs.replace(
                        item, measure=measure, cause=cause, undone=undone
                    )
                }
        return {}

    def _candidates(self, item: Compared, decoder: Decoder) -> Iterator[tuple[str, Scaled]]:
        """The base as a change of the norm before, of our columns or of our rows would have it."""
        base, last = self._comparer.matrix(item.module), item.module.rpartition(".")[2]
        for norm, ratio, doubt in self._ratios(item.module):
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

    def _uncancelled(self, compared: list[Compared]) -> dict[str, str]:
        """Weights whose scaled columns, or rows, the partner's do not undo, and what to say."""
        good = {item.module for item in compared if item.cause in SOUND}
        found = {}
        for module in good:
            other = next((name for name in partners(module) if name in good), None)
            columns, rows = self._columns.get(module), self._rows.get(other or "")
            if other is None or cancel(columns, rows):
                continue
            scaled = f"the rows of {other}" if columns is not None else "its rows"
            whose = "its columns and " if columns is not None else f"the columns of {module} and "
            at = module if columns is not None else other
            found[at] = f"{whose}{scaled} are scaled by factors that do not cancel"
        return found

    def _accepted(self, item: Difference, broken: set[str]) -> Difference:
        if item.likeness.sameness is not Sameness.DIFFERENT:
            return item
        plain = self._comparer.plains[item.tensor]
        folded = self._is_undone(item.tensor, broken) or self._is_scaled_bias(plain)
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

    def _is_scaled_bias(self, plain: Plain) -> bool:
        """Whether a bias is the base's times the factors of its weight's rows."""
        module, dot, role = plain.tensor.rpartition(".")
        rows = self._rows.get(module)
        if role != "bias" or not dot or rows is None or plain.info.dtype not in FLOAT_WIDTHS:
            return False
        ours = _whole(plain.info, self._comparer.ours)
        bases = (Matrix(view, self._comparer.base) for view in plain.views)
        return any(_are(ours, base.read(0, base.rows).reshape(-1), rows) for base in bases)

    def _is_scaled(self, plain: Plain) -> bool:
        module, view = plain.tensor.removesuffix(".weight"), plain.views[0]
        comparer, base = self._comparer, Matrix(view, self._comparer.base)
        return any(
            compare(plain.info, comparer.ours, Scaled(base, ratio)).cosine > ALIKE
            for _norm, ratio, _doubt in self._ratios(module)
        )

    def _norm(self, module: str) -> str | None:
        """The norm before a module, as a tensor; None where it could not be compared."""
        found = next((n for n in feeding_norms(module) if n in self._comparer.plains), None)
        return None if found in self._comparer.reasons else found

    def _ratios(self, module: str) -> Iterator[tuple[str, Floats, Floats]]:
        """The factors that a changed norm before a module asks of its columns, and their doubt."""
        norm = self._norm(module)
        plain = self._comparer.plains[norm] if norm else None
        if norm and plain and plain.info.dtype in FLOAT_WIDTHS:
            ours = _whole(plain.info, self._comparer.ours)
            base = Matrix(plain.views[0], self._comparer.base)
            for ratio, doubt in norm_ratios(ours, base.read(0, base.rows).reshape(-1)):
                yield norm, ratio, doubt


def _are(ours: Floats, base: Floats, factors: Floats) -> bool:
    """Whether these are the base's times the factors, up to what rounding leaves in doubt."""
    if not ours.shape == base.shape == factors.shape:
        return False
    expected = base * factors
    off = np.abs(ours - expected) > TOLERANCE * np.abs(expected)
    return float(off.mean()) <= OUTLIERS


def _whole(info: TensorInfo, source: Source) -> Floats:
    return np.array(to_float32(source.read(info, 0, info.nbytes), info.dtype))
