"""Modules that vLLM fuses have different global scales.

What it checks: NVFP4's `weight_global_scale` is the same, bit for bit, in q, k and v, in gate and
    up, in w1 and w3 of each expert, and in whatever else vLLM loads as one layer. A ratio under
    1.02 is a warning. Between what llm-compressor 0.14 does not calibrate together, as in_proj_qkv
    and in_proj_z of Qwen3.5, it is only a note: it is how the tool writes such a model, not a
    fault of this file.
Why it matters: vLLM takes the largest for all (of experts, that of w1), logs one warning, and
    serves the others' weights too small by the ratio.
How to fix: quantize with a llm-compressor that shares them, or keep the layer in FP8 or BF16.
Seen in: vllm #47515 (33 of 36 layers of a Qwen3-8B), #54974, auto-round #2380.
"""

from release.facts.measures import Measures, by_module, scalar
from release.facts.siblings import Fused
from release.rules import Findings, Found, Where, rule

SLIGHT = 1.02
# What llm-compressor gives one global scale.
CALIBRATED = (
    {"q_proj", "k_proj", "v_proj"},
    {"gate_proj", "up_proj"},
    {"w1", "w3"},
    {"q_a_proj", "kv_a_proj_with_mqa"},
)


@rule(since="0.1.0", echoes=("B", "C107"))
def check(measures: Measures, calibrated_together: tuple[Fused, ...]) -> Findings:
    """Report every fused layer whose parts disagree, and what vLLM makes of it."""
    scales = by_module(measures.global_scales)
    for fused in calibrated_together:
        values = {
            part.name: scalar(scales[part.name]) for part in fused.parts if part.name in scales
        }
        if len(set(values.values())) < 2 or not all(value >= 1 for value in values.values()):  # noqa: PLR2004
            continue  # V107 has those that are no divisors
        used = next(iter(values.values())) if fused.expert else max(values.values())
        worst = max(values, key=lambda name: max(values[name] / used, used / values[name]))
        factor = values[worst] / used
        listed = ", ".join(f"{name.rpartition('.')[2]} {v:g}" for name, v in values.items())
        yield Found(
            where=Where(module=fused.name),
            message=f"weight_global_scale of {listed}: "
            f"vLLM takes {used:g}, and serves {worst.rpartition('.')[2]} times {factor:.3f}",
            fix="quantize them with one global scale, or keep them in FP8 or BF16",
            severity=_severity(values, factor),
            about=tuple(values),
        )


def _severity(values: dict[str, float], factor: float) -> str | None:
    by_part = {name.rpartition(".")[2]: value for name, value in values.items()}
    if all(len({by_part[part] for part in by_part.keys() & group}) <= 1 for group in CALIBRATED):
        return "info"
    return "warning" if 1 / SLIGHT < factor < SLIGHT else None
