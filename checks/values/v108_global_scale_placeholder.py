"""A global scale was never calibrated.

What it checks: NVFP4's `weight_global_scale` and `input_global_scale` for exactly 1.0, which
    llm-compressor writes where an observer saw nothing but zeros; and whether the largest block
    scale of a module and its fused siblings is under 200, where 384 to 448 is usual. Silent on
    weights that are all zero. Of routed experts an input scale of 1.0 is only a note: an expert
    that no calibration token reached has it.
Why it matters: activations scaled by 1.0 are cut off or rounded to nothing; block scales that use
    half their range lose precision.
How to fix: calibrate with more samples, or with every expert (`moe_calibrate_all_experts`).
Seen in: llm-compressor #2826, experts that no token reached.
"""

from release.facts.measures import Measure, Measures, by_module, scalar
from release.facts.siblings import Fused
from release.rules import Findings, Found, Where, rule

PLACEHOLDER = 1.0
LEAST_BLOCK_SCALE = 200


@rule(since="0.1.0", severity="warning")
def check(measures: Measures, calibrated_together: tuple[Fused, ...]) -> Findings:
    """Report placeholders, then block scales that a larger global scale would have used better."""
    weights = by_module(measures.weights)
    inputs = (m for m in measures.activation_scales if m.role == "input_global_scale")
    for scale in (*measures.global_scales, *inputs):
        weight = weights.get(scale.module.name)
        if scalar(scale) == PLACEHOLDER and not (weight and weight.values.zero):
            unrouted = scale.expert and scale.role == "input_global_scale"
            yield _found(
                scale,
                "is exactly 1.0: no token reached this expert in calibration"
                if unrouted
                else "is exactly 1.0, as where nothing was calibrated",
                "info" if unrouted else None,
            )
    yield from _low_block_scales(measures, calibrated_together)


def _low_block_scales(measures: Measures, siblings: tuple[Fused, ...]) -> Findings:
    scales = by_module(measures.scales)
    shared = {part.name: fused.parts for fused in siblings for part in fused.parts}
    for scale in measures.global_scales:
        if scalar(scale) <= PLACEHOLDER or scale.module.name not in scales:
            continue
        own = scales[scale.module.name]
        parts = shared.get(scale.module.name, (scale.module,))
        tops = [scales[part.name].values.top for part in parts if part.name in scales]
        broken = own.values.bad or (own.values.scales and own.values.scales.negative)
        if not broken and 0 < max(tops) < LEAST_BLOCK_SCALE:
            yield _found(scale, f"the largest block scale is {max(tops):g} of 448: it is too small")


def _found(scale: Measure, message: str, severity: str | None = None) -> Found:
    where = Where(file=scale.info.shard, tensor=scale.tensor)
    return Found(where, message, "calibrate again, with tokens for every module", severity)
