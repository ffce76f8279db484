"""A weight is the base's, but stored in another order or coding.

What it checks: a quantized weight that is unlike its own becomes like it after exchanging the codes
    of each byte, reversing words, reading offset for two's complement codes, transposing, moving
    rows or columns back, or giving every row the scales of its neighbour. Or its scales are not
    those of its rows: the larger they are, the larger are the rows over the base's. Or its codes
    lie a step beside the base's in the mean, as with wrong zero points.
Why it matters: the loader reads the order of its format, and gets noise.
How to fix: pack the weight as compressed-tensors does: low bits first, even column first, rows as
    in the Linear.
Seen in: no public case; converters between packings (AutoAWQ, GPTQ, ModelOpt) do it while written.
"""

from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report each of them and the order that it is in."""
    for item in comparison.of_cause(Cause.DISORDER):
        yield Found(
            where=Where(module=item.module),
            message=f"is not in the order of its format: {item.detail}",
            fix="pack the weight again as compressed-tensors does",
        )
