"""A scale of weights is negative.

What it checks: the sign bit of every `weight_scale` that is not zero.
Why it matters: no quantizer makes one. Kernels either flip the signs of the weights, or take the
    bits for those of an unsigned number.
How to fix: export the module again; a tensor of another meaning may stand under this name.
Seen in: tests only; no public case is known.
"""

from release.facts.measures import Measures
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(measures: Measures) -> Findings:
    """Report every tensor of scales in which some are negative."""
    for scale in measures.scales:
        if scale.values.scales and scale.values.scales.negative:
            yield Found(
                where=Where(file=scale.info.shard, tensor=scale.tensor),
                message=f"negative: {scale.count(scale.values.scales.negative)}",
                fix="export the module again",
            )
