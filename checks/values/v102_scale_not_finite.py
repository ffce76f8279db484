"""A scale of weights is NaN or Inf.

What it checks: every `weight_scale`: NaN and Inf of floats, the NaN codes of FP8 block scales, and
    0xFF, the one E8M0 exponent that is no number.
Why it matters: every weight under it becomes NaN, and vLLM does not look.
How to fix: calibrate and export the module again; an observer that saw no data leaves such scales.
Seen in: compressed-tensors #595, vllm #42601.
"""

from release.facts.measures import Measures
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(measures: Measures) -> Findings:
    """Report every tensor of scales in which some are no numbers."""
    for scale in measures.scales:
        if scale.values.bad:
            yield Found(
                where=Where(file=scale.info.shard, tensor=scale.tensor),
                message=f"NaN or Inf: {scale.count(scale.values.bad)}",
                fix="calibrate and export the module again",
            )
