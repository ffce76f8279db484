"""A scale of the KV cache is no scale, or was never calibrated.

What it checks: every `k_scale`, `v_scale` and `q_scale` is finite, above zero and of a size that
    keys and values can have, 1e-9 to 1e4; and not all of them are exactly 1.0 (a warning). Scales
    in a tower, which has no cache, are for your information. Where a norm gives the keys, none is
    larger than sqrt(head dim) times its largest weight; other keys, and values, are no larger than
    the largest weight of their projection times what the norm before it can give. A scale for over
    four times that is a warning, and one for under a sixteenth of what a norm of keys weighs.
Why it matters: with such a scale every key or value in the cache becomes 0 or NaN, and vLLM loads
    it as it is. llm-compressor saves uninitialised memory, any number at all, for attention that
    its hooks never saw. With 1.0 the cache works, uncalibrated: the card may not claim otherwise.
How to fix: calibrate with `kv_cache_scheme`, or leave the scheme out.
Seen in: llm-compressor #1928, #2117, #2853; every cache scale of NemotronH by llm-compressor 0.14.
"""

from release.facts.absences import TOWERS
from release.facts.measures import Measure, Measures
from release.facts.unreachable import Unreachable
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

LOWEST, HIGHEST = 1e-9, 1e4


@rule(since="0.1.0")
def check(measures: Measures, unreachable_cache: tuple[Unreachable, ...] | Unknown) -> Findings:
    """Report every cache scale that cannot scale anything, and scales that are all 1.0."""
    broken = [(scale, text) for scale in measures.cache_scales if (text := _broken(scale))]
    for scale, text in broken:
        where = Where(file=scale.info.shard, tensor=scale.tensor)
        tower = scale.module.component in TOWERS
        fix = "calibrate the KV cache again, or leave its scheme out"
        yield Found(where, text, fix, "info" if tower else None)
    beyond = () if isinstance(unreachable_cache, Unknown) else unreachable_cache
    faulty = {scale.tensor for scale, _ in broken}
    for entry in beyond:
        # 1.0 is what nobody calibrated, and told below
        if entry.scale.tensor in faulty or _is_one(entry.scale):
            continue
        what = "keys" if entry.scale.role == "k_scale" else "values"
        limit = "at most" if entry.amax > entry.bound else "about"
        text = f"is made for {what} up to {entry.amax:.3g}; {entry.norm} gives {limit} "
        where = Where(file=entry.scale.info.shard, tensor=entry.scale.tensor)
        fix = "calibrate the KV cache again, or leave its scheme out"
        yield Found(where, f"{text}{entry.bound:.3g}", fix, "warning")
    if measures.cache_scales and not broken and all(map(_is_one, measures.cache_scales)):
        first = measures.cache_scales[0]
        yield Found(
            where=Where(file=first.info.shard, tensor=first.tensor),
            message=f"all {len(measures.cache_scales)} scales of the KV cache are exactly 1.0",
            fix="calibrate the KV cache, or leave its scheme out",
            severity="warning",
        )


def _broken(scale: Measure) -> str:
    values, scales = scale.values, scale.values.scales
    if scales is None:
        return ""
    for kind, hits in (
        ("NaN or Inf", values.bad),
        ("negative", scales.negative),
        ("zero", scales.zero),
    ):
        if hits:
            return f"{kind}: {scale.count(hits)}"
    odd = next((v for v in (scales.low, values.top) if not LOWEST <= v <= HIGHEST), None)
    return "" if odd is None else f"{odd:.4g}: no keys or values are of that size; not calibrated"


def _is_one(scale: Measure) -> bool:
    scales = scale.values.scales
    return scales is not None and scale.values.top == scales.low == 1.0
