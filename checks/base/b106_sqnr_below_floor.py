"""A quantized weight is noisier than its scheme and method make it.

What it checks: the signal-to-noise ratio against the scheme's floor (FP8 29 dB, NVFP4 18.5 dB,
    INT8 24 dB, INT4 10 dB when rounded to nearest), and against the median of the same projection
    in the other layers. Neither is reported where plain rounding of these very weights, with
    scales from their largest magnitudes, is as noisy: of heavy tails few bits leave little. Where
    recipe.yaml names GPTQ or AutoRound, or there is none, the median row may be 14 dB under that,
    and other layers say nothing: how far a weight is moved depends on the data it saw.
Why it matters: one badly calibrated layer costs more than all the others together.
How to fix: look at its scales and its calibration, or keep it in a higher precision.
Seen in: auto-round #2142, a published model that had lost accuracy.
"""

from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.NOISE):
        detail = item.detail or f"{item.scheme} should have more"
        yield Found(
            where=Where(module=item.module),
            message=f"SQNR is {item.measure.sqnr:.1f} dB; {detail}",
            fix="look at its calibration, or keep it in a higher precision",
        )
