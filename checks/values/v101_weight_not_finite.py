"""A weight holds NaN or Inf.

What it checks: every value of every weight, bias and other parameter: NaN and Inf of BF16, F16 and
    F32, and the two NaN codes (0x7F, 0xFF) of FP8. Where all of them lie in a hole of 0xFF bytes,
    V115 reports that.
Why it matters: one NaN reaches every logit of every token that passes it: the answer is `!!!!`.
How to fix: export the module again; if the base has the same values, it is the base's fault.
Seen in: vllm #42601, where NaN scales gave the same symptom; single NaN weights only in tests.
"""

from release.facts.measures import Measure, Measures
from release.rules import Findings, Found, Where, rule

HOLE_OF_NAN = 0xFF


@rule(since="0.1.0", echoes=("T105",))
def check(measures: Measures) -> Findings:
    """Report every tensor with values that are no numbers."""
    for measure in (*measures.weights, *measures.others):
        values = measure.values
        if not values.bad or _is_hole(measure):
            continue
        kind = "NaN" if not values.infinite else "NaN or Inf"
        if values.infinite == values.bad.count:
            kind = "Inf"
        yield Found(
            where=Where(file=measure.info.shard, tensor=measure.tensor),
            message=f"{kind}: {measure.count(values.bad)}",
            fix="export the module again; if the base has them too, it needs another base",
        )


def _is_hole(measure: Measure) -> bool:
    hole, bad = measure.values.hole, measure.values.bad
    if hole is None or hole.byte != HOLE_OF_NAN or bad.first is None:
        return False
    width = measure.info.nbytes // measure.values.words
    return hole.start <= bad.first * width and bad.count * width <= hole.length
