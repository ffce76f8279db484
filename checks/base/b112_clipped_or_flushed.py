"""The scales do not cover the base's weights, or flush them to zero.

What it checks: at most 1 % of the base's values lie beyond the range of their scale, with room for
    the rounding of scales and for observers that minimise the squared error; at most 60 % of the
    values that are not zero are stored as zero (of three bits 85 %, of two 95 %), or 5 % more than
    plain rounding of these very weights would store so.
Why it matters: the large weights are cut off, or the small ones are gone.
How to fix: quantize the module again with an observer that fits it.
Seen in: no public case; one scale for a tensor with a few huge rows flushes the others.
"""

from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.RANGE):
        measure = item.measure
        yield Found(
            where=Where(module=item.module),
            message=f"{measure.clipped:.1%} of the base's values are clipped, "
            f"{measure.flushed:.1%} are stored as zero",
            fix="quantize the module again with an observer that fits it",
        )
