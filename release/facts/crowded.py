"""Config groups whose stored integers need more bits than they declare."""

from release.facts.measures import Measure, Measures


def provide_crowded(measures: Measures) -> frozenset[str]:
    """Name the groups; V118 says it of each weight, and nothing else follows from their bits."""
    return frozenset(
        weight.module.claim.group
        for weight in measures.weights
        if weight.module.claim.group is not None and exceeds(weight)
    )


def exceeds(weight: Measure) -> bool:
    """Whether a weight of whole bytes holds a code that its number of bits does not reach."""
    bits = weight.scheme.weights.num_bits if weight.scheme else 8
    return weight.info.dtype == "I8" and weight.values.top > 1 << (bits - 1)
