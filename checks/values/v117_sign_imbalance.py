"""Quantized codes have lost their signs.

What it checks: the sampled codes of every symmetric quantized weight, where these are 8,192 or
    more: of those that are not zero, 25 to 75 % are negative. 49 to 51 % is usual. With --base,
    weights that are the base's all the same are no finding.
Why it matters: weights have mean zero. Where nearly all have one sign, a sign bit was lost, or an
    offset taken for two's complement.
How to fix: export the module again; look at how codes are packed.
Seen in: tests only; no public case is known.
"""

from release.facts.measures import Measures
from release.rules import Findings, Found, Where, rule

FEWEST = 8192
LOW, HIGH = 0.25, 0.75


@rule(since="0.1.0", severity="warning", echoes=("B",))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report weights whose codes are nearly all positive or negative."""
    for weight in measures.weights:
        scheme, codes = weight.scheme, weight.values.codes
        if scheme is None or codes is None or not scheme.weights.symmetric:
            continue
        if weight.compared in faithful:
            continue
        plain = not weight.values.zero and not weight.values.constant
        if plain and codes.sampled >= FEWEST and not LOW <= codes.negative <= HIGH:
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=f"{codes.negative:.0%} of the codes that are not zero are negative",
                fix="export the module again; its signs were lost",
            )
