"""Integer codes lie to one side of their zero points.

What it checks: the mean of the sampled codes less that of the zero points (of symmetric schemes, of
    zero), where these have five bits or fewer: within 0.6 of a step. Weights have mean zero: of
    codes it is within 0.1. Silent on embeddings and heads. With --base, weights that are the base's
    all the same are no finding.
Why it matters: every weight is off by a step, a third of a standard deviation; texts still come
    out.
How to fix: store zero points and codes with one offset: compressed-tensors has the zero point
    itself, AutoGPTQ's first format one less.
Seen in: AutoGPTQ's format of zero points, which GPTQModel calls v1; conversions that forget it.
"""

from release.facts.components import EMBEDDINGS, HEAD
from release.facts.measures import Measure, Measures, by_module
from release.rules import Findings, Found, Where, rule

FEWEST = 4096
MOST_BITS = 5
FAR = 0.6


@rule(since="0.1.0", severity="warning", echoes=("B", "V113", "V116", "V117", "V118"))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report weights whose codes are a step or so too high or too low."""
    zero_points = by_module(measures.zero_points)
    for weight in measures.weights:
        off = _off(weight, zero_points.get(weight.module.name))
        if abs(off) > FAR and weight.module.name not in faithful:
            side = "above" if off > 0 else "below"
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=f"codes are {abs(off):.1f} steps {side} their zero points in the mean",
                fix="write codes and zero points again with one offset",
            )


def _off(weight: Measure, zero_points: Measure | None) -> float:
    """How many steps the codes are above the zero points in the mean; 0 where that is not known."""
    scheme, codes = weight.scheme, weight.values.codes
    if scheme is None or codes is None or scheme.weights.type != "int":
        return 0.0
    few = codes.sampled < FEWEST or scheme.weights.num_bits > MOST_BITS
    if few or weight.values.constant or weight.module.component in {EMBEDDINGS, HEAD}:
        return 0.0
    if scheme.weights.symmetric:
        return codes.mean
    if zero_points is None or zero_points.values.codes is None:
        return 0.0
    return codes.mean - zero_points.values.codes.mean
