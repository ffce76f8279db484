"""Of what departs from the base: whose weights or values it has, or in which order its own."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import msgspec

from release.comparison.causes import some_rows
from release.comparison.compare import Comparer, Weight
from release.comparison.floors import floors_of
from release.comparison.ideal import NOISIER, measure_ideal
from release.comparison.mismatch import mismatch
from release.comparison.neighbours import neighbours
from release.comparison.plain import same_values
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.comparison.search import disorder, holder, sample
from release.comparison.views import Matrix
from release.quantization.decoding import Decoder

STRANGE_ROWS = 0.75
"""Share of rows that are wrong where all of a weight is another's."""

ORDER_CAUSES = {Cause.ROWS, Cause.COSINE, Cause.CODES}
"""What scales in the wrong rows can look like."""


def explain(comparer: Comparer, compared: Iterable[Compared]) -> list[Compared]:
    """Say of strangers whose weights they are, and of others whether rows have moved."""
    explained = partial(_explained, comparer)
    return comparer.in_threads(explained, compared, lambda item: item.measure.elements)


def explain_differences(comparer: Comparer, found: Iterable[Difference]) -> list[Difference]:
    """Say of unquantized tensors that differ whose values they have."""
    return comparer.in_threads(partial(_held, comparer), found, lambda d: d.likeness.elements)


def _explained(comparer: Comparer, item: Compared) -> Compared:
    weight = comparer.weights[item.module]
    decoder = comparer.decoder(weight)
    base = comparer.matrix(item.module)
    # Codes that were moved on purpose agree with no scales so well that others would show.
    hidden = comparer.moved and item.cause is Cause.NONE and not item.undone
    if hidden or item.cause in ORDER_CAUSES:
        found = mismatch(decoder, base)
        return _with(item, Cause.DISORDER, found) if found else item
    if item.cause is Cause.NOISE and item.detail:
        return _excused(item, decoder, base)
    if item.cause is not Cause.HOLDS_ANOTHER or item.detail:  # of rotated ones it is known
        return item
    ours = sample(decoder)
    partly = len(item.measure.bad_rows) < STRANGE_ROWS * item.measure.rows
    other = None if partly else holder(ours, _others(comparer, weight))
    if other is not None:
        return _with(item, Cause.HOLDS_ANOTHER, other)
    order = disorder(ours, decoder, base)
    if order:
        return _with(item, Cause.DISORDER, order)
    return _with(item, Cause.ROWS if some_rows(item.measure) else Cause.COSINE, "")


def _excused(item: Compared, decoder: Decoder, base: Matrix) -> Compared:
    """What is noisier than its peers only as plain rounding of its base is."""
    ideal = measure_ideal(decoder, base, floors_of(decoder.scheme, fitted=False))
    return item if item.measure.sqnr < ideal.sqnr - NOISIER else _with(item, Cause.NONE, "")


def _others(comparer: Comparer, weight: Weight) -> Iterator[tuple[str, Callable[[], Matrix]]]:
    shapes = {n: w.shape for n, w in comparer.weights.items() if n not in comparer.reasons}
    for name in neighbours(weight.module, shapes):
        for view in comparer.weights[name].views:  # a stranger's own likeness chooses none
            yield name, partial(Matrix, view, comparer.base)


def _held(comparer: Comparer, item: Difference) -> Difference:
    if item.likeness.sameness is not Sameness.DIFFERENT or item.likeness.change:
        return item  # a tensor of ones is like many
    plain = comparer.plains[item.tensor]
    shapes = {n: p.info.shape for n, p in comparer.plains.items() if n not in comparer.reasons}
    for name in neighbours(item.tensor, shapes):
        matrices = (Matrix(view, comparer.base) for view in comparer.plains[name].views)
        if any(same_values(plain.info, comparer.ours, matrix) for matrix in matrices):
            return msgspec.structs.replace(item, holds=name)
    return item


def _with(item: Compared, cause: Cause, detail: str) -> Compared:
    return msgspec.structs.replace(item, cause=cause, detail=detail)
