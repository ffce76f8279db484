"""A quantized weight is not like the base's.

What it checks: the cosine of the dequantized weight and the base's against what its scheme must
    reach (NVFP4 0.95, FP8 0.995, INT8 0.99, INT4 0.90; 0.70 where GPTQ or AutoRound moved it), or
    what plain rounding reaches on these very weights if that is less. Where no closer cause is
    seen: another tensor (B108), another order (B109), a factor (B107), some rows (B110).
Why it matters: the layer computes something else.
How to fix: quantize the module again.
Seen in: auto-round #1529, a published model whose output was invalid.
"""

from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.COSINE):
        yield Found(
            where=Where(module=item.module),
            message=f"cosine with the base is {item.measure.cosine:.3f}, "
            f"SQNR {item.measure.sqnr:.1f} dB",
            fix="quantize the module again from the base",
        )
