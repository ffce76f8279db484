"""Weights behind a norm that is wrong: they follow it, and nothing is said of them."""

import msgspec
import numpy as np

from release.comparison.compare import Comparer
from release.comparison.feeding import SCALED_ROWS
from release.comparison.folding import OUTLIERS, SOUND, Scaled, fit_columns, fit_rows
from release.comparison.norms import Norms, are_scaled
from release.comparison.results import Compared
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder
from release.quantization.decoding.floats import Floats

WRONG = 0.5
"""How far from 1 the factor of a column is that its norm does not explain."""


def behind(comparer: Comparer, norms: Norms, items: list[Compared]) -> dict[str, Compared]:
    """Clear weights that one norm feeds, by name, if it is the norm that is wrong.

    Their columns are all scaled alike, in another way than the norm's change asks for, or as it
    asks but for a few.
    """
    alike = _scaled_alike(comparer, items) if len(items) > 1 else {}
    for item in () if alike else items:
        alike |= _but_for_a_few(comparer, norms, item)
    return alike


def _scaled_alike(comparer: Comparer, items: list[Compared]) -> dict[str, Compared]:
    """The weights by name, each with its columns scaled as they are in all; else none."""
    found: dict[str, Compared] = {}
    common: Floats | None = None
    for item in items:
        decoder = comparer.decoder(comparer.weights[item.module])
        base = comparer.matrix(item.module)
        factors = fit_columns(decoder, base)
        common = factors if common is None else common
        good = _good(comparer, item, decoder, base, factors)
        if not good or not are_scaled(factors, common, np.ones_like(common)):
            return {}
        found |= good
    return found


def _but_for_a_few(comparer: Comparer, norms: Norms, item: Compared) -> dict[str, Compared]:
    """The weight by name, its columns scaled as the norm's change asks for, but for a few."""
    decoder = comparer.decoder(comparer.weights[item.module])
    base = comparer.matrix(item.module)
    for _norm, ratio, doubt in norms.ratios(item.module):
        fitted = fit_columns(decoder, Scaled(base, ratio))
        wrong = np.abs(fitted - 1) > np.maximum(doubt, WRONG)
        if float(wrong.mean()) <= OUTLIERS:
            good = _good(comparer, item, decoder, base, np.where(wrong, ratio * fitted, ratio))
            if good:
                return good
    return {}


def _good(
    comparer: Comparer, item: Compared, decoder: Decoder, base: Matrix, factors: Floats
) -> dict[str, Compared]:
    """The weight by name, where it is sound once its columns are scaled."""
    weight, scaled = comparer.weights[item.module], Scaled(base, factors)
    choices = [scaled]
    if item.module.rpartition(".")[2] in SCALED_ROWS:
        choices.append(Scaled(base, factors, fit_rows(decoder, scaled)))
    for choice in choices:
        measure, cause = comparer.judge(weight, decoder, choice, fitted=True)
        if cause in SOUND:
            undone = "the scales of its columns"
            return {
                item.module: msgspec.structs.replace(
                    item, measure=measure, cause=cause, undone=undone
                )
            }
    return {}
