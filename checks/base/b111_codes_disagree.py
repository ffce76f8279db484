"""The stored codes are not those that the base and the stored scales give.

What it checks: the base's weights, divided by the stored scales and rounded, against the codes. Of
    weights rounded to nearest at least 98 % lie within one step; where recipe.yaml names GPTQ or
    AutoRound, 60 %. Without recipe.yaml it is 60 % too, where more than a quarter of a layer's
    weights are not rounded to nearest. Fewer exact ones than the scheme should have are a warning,
    and so is a single one beside its base where recipe.yaml names nothing but rounding.
Why it matters: the scales are not of these codes, or the codes of another rounding.
How to fix: quantize the module again, or name in recipe.yaml what was done.
Seen in: no public case; scales and codes of two runs in one file look like this.
"""

from release.comparison.causes import severe
from release.comparison.floors import NEAR_ROUNDED
from release.comparison.results import Cause, Measure
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.CODES):
        measure = item.measure
        yield Found(
            where=Where(module=item.module),
            message=_words(measure),
            fix="quantize the module again from the base",
            severity=None if severe(measure) else "warning",
        )


def _words(measure: Measure) -> str:
    if measure.far and measure.near >= NEAR_ROUNDED:
        share = f"{measure.far:,} of {measure.elements:,} codes"
        verb = "is" if measure.far == 1 else "are"
        return f"{share} {verb} beside the base's by steps, the first in row {measure.far_row:,}"
    exact, near = f"{measure.exact:.1%}", f"{measure.near:.1%}"
    return f"{exact} of the codes are those of the base, {near} within one step"
