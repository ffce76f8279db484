"""A scale of weights is negative.

What it checks: the sign bit of every `weight_scale` that is not zero. AutoRound gives symmetric
    integers negative scales, so that a group's largest weight gets the one code that has no
    opposite: there, where as many scales are negative as that leaves, and where --base shows that
    the weights are the base's all the same, it is only a note.
Why it matters: no other quantizer makes one. Kernels either flip the signs of the weights, or take
    the bits for those of an unsigned number.
How to fix: export the module again; a tensor of another meaning may stand under this name.
Seen in: tests only; no public case is known.
"""

from release.facts.measures import Measure, Measures
from release.facts.recipe import Recipe
from release.rules import Findings, Found, Where, rule

AUTO_ROUND = "AutoRound"
HALF = (0.3, 0.7)
FEWEST = 64
"""Scales; of fewer, half may be negative by mistake."""


@rule(since="0.1.0")
def check(measures: Measures, recipe: Recipe, faithful: frozenset[str]) -> Findings:
    """Report every tensor of scales in which some are negative."""
    for scale in measures.scales:
        if scale.values.scales and scale.values.scales.negative:
            usual = AUTO_ROUND in recipe.methods or _are_half(scale)
            meant = _is_signed(scale) and (usual or scale.module.name in faithful)
            yield Found(
                where=Where(file=scale.info.shard, tensor=scale.tensor),
                message=f"negative: {scale.count(scale.values.scales.negative)}",
                fix="nothing, if AutoRound made it" if meant else "export the module again",
                severity="info" if meant else None,
            )


def _is_signed(scale: Measure) -> bool:
    """Whether the codes have one more below zero than above it."""
    scheme = scale.scheme
    return scheme is not None and scheme.weights.type == "int" and scheme.weights.symmetric


def _are_half(scale: Measure) -> bool:
    low, high = HALF
    scales, words = scale.values.scales, scale.values.words
    return scales is not None and words >= FEWEST and low <= scales.negative.count / words <= high
