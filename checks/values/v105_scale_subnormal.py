"""Scales are so small that kernels flush them to zero.

What it checks: `weight_scale` in BF16, F16 or F32 for subnormal numbers and for any under 1e-30, of
    FP8 block scales for those under 2^-6. Up to a fifth of a tensor is normal, of dead channels.
    With --base, weights that are the base's all the same are no finding.
Why it matters: kernels flush subnormal numbers; and FP8 keeps a bit or two of them, so that the
    weights below are wrong by up to half.
How to fix: calibrate again; in NVFP4 the global scale is too small.
Seen in: vllm #42601.
"""

from release.facts.measures import Measure, Measures
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule
from release.scan.layout import EXPONENTS

LEAST = 1e-30
FEW = 0.2


@rule(since="0.1.0", severity="warning", echoes=("B", "V102", "V104"))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report every tensor with too many scales that are too small to be kept."""
    for scale in measures.scales:
        what = _too_small(scale)
        if what and scale.module.name not in faithful:
            where = Where(file=scale.info.shard, tensor=scale.tensor)
            yield Found(where, what, "calibrate and export the module again")


def _too_small(scale: Measure) -> str:
    scales = scale.values.scales
    if scales is None or scale.info.dtype in EXPONENTS:
        return ""  # V118 judges exponents
    if scales.tiny.count > FEW * scale.values.words:
        kind = "subnormal" if scale.info.dtype in FLOAT_DTYPES else "under 2^-6"
        return f"{kind}: {scale.count(scales.tiny)}"
    median = scales.median if scale.info.dtype in FLOAT_DTYPES else 0
    return f"half of the scales are under {median:.3g}" if 0 < median < LEAST else ""
