"""The stored codes are not those that the base and the stored scales give.

What it checks: the base's weights, divided by the stored scales and rounded, against the codes. Of
    weights rounded to nearest at least 98 % lie within one step; where recipe.yaml names GPTQ or
    AutoRound, 60 %. Without recipe.yaml it is 60 % too, where more than a quarter of a layer's
    weights are not rounded to nearest. Fewer exact ones than the scheme should have are a warning.
Why it matters: the scales are not of these codes, or the codes of another rounding.
How to fix: quantize the module again, or name in recipe.yaml what was done.
Seen in: no public case; scales and codes of two runs in one file look like this.
"""

from release.comparison.causes import severe
from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.CODES):
        measure = item.measure
        yield Found(
            where=Where(module=item.module),
            message=f"{measure.exact:.1%} of the codes are those of the base, "
            f"{measure.near:.1%} within one step",
            fix="quantize the module again from the base",
            severity=None if severe(measure) else "warning",
        )
