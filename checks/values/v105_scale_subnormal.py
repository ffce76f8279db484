"""Scales are so small that kernels flush them to zero.

What it checks: `weight_scale` in BF16, F16 or F32 for subnormal numbers and for any under 1e-30; of
    FP8 block scales, whether over a fifth is under 2^-6 (a few are normal).
Why it matters: kernels flush subnormal numbers; and FP8 keeps a bit or two of them, so that the
    weights below are wrong by up to half.
How to fix: calibrate again; in NVFP4 the global scale is too small.
Seen in: vllm #42601.
"""

from release.facts.measures import Measure, Measures
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule

LEAST = 1e-30
FEW = 0.2


@rule(since="0.1.0", severity="warning")
def check(measures: Measures) -> Findings:
    """Report every tensor with scales that are too small to be kept."""
    for scale in measures.scales:
        what = _too_small(scale)
        if what:
            where = Where(file=scale.info.shard, tensor=scale.tensor)
            yield Found(where, what, "calibrate and export the module again")


def _too_small(scale: Measure) -> str:
    scales = scale.values.scales
    if scales is None:
        return ""
    if scale.info.dtype not in FLOAT_DTYPES:
        share = scales.tiny.count / scale.values.words
        return f"under 2^-6: {scale.count(scales.tiny)}" if share > FEW else ""
    if scales.tiny:
        return f"subnormal: {scale.count(scales.tiny)}"
    return f"the smallest is {scales.low:.3g}" if 0 < scales.low < LEAST else ""
