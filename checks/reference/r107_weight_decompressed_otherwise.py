"""compressed-tensors cannot decompress a weight, or makes another one of it than release does.

What it checks: with --reference, compressed-tensors decompresses the first weight of each group
    and shape, 48 at most, by the declaration. It must have the shape that release reads, and the
    same magnitudes but for rounding. Weights that are not stored as declared are left to the rules
    that say so.
Why it matters: transformers loads the model by this package, and what the other rules say of
    values rests on our reading of the bytes.
How to fix: export the module again with the version that the declaration names; where release
    reads it wrongly, report it.
Seen in: words of 3, 5, 6 and 7 bits, which compressed-tensors packed in two ways.
"""

from math import isclose, isfinite

from release.facts.reference.pairs import Pair, TheirWeights
from release.rules import Findings, Found, Where, rule

ROUNDED = 0.01  # relative: they compute in the dtype of the scales
FIX = "export the module again with the version of compressed-tensors that the declaration names"


@rule(since="0.1.0", severity="warning", echoes=("T109",))
def check(their_weights: TheirWeights) -> Findings:
    """Compare weight by weight."""
    for pair in their_weights.pairs:
        what = _difference(their_weights.source, pair)
        if what is not None:
            breaks = pair.theirs.refusal is not None or pair.theirs.shape != pair.ours.shape
            severity = "error" if breaks else None
            yield Found(Where(module=pair.module), what, FIX, severity)


def _difference(source: str, pair: Pair) -> str | None:
    ours, theirs = pair.ours, pair.theirs
    if theirs.refusal is not None:
        return f"{source} cannot decompress it: {theirs.refusal}"
    if theirs.shape != ours.shape:
        return f"{source} makes it {list(theirs.shape)}, release reads {list(ours.shape)}"
    values = ((theirs.largest, ours.largest), (theirs.total, ours.total))
    if all(isclose(a, b, rel_tol=ROUNDED) or not isfinite(a - b) for a, b in values):
        return None
    return (
        f"in {source} its largest value is {theirs.largest:.4g} and all add up to "
        f"{theirs.total:.4g}; in release {ours.largest:.4g} and {ours.total:.4g}"
    )
