"""The scale of activations is not that of its neighbours.

What it checks: q, k and v, and gate and up, read the same input, so their static scales are equal
    (FP8 experts: an error, vLLM refuses to load them). Over layers: a scale is over 1,000 times
    off the median of its role (massive activations reach 100 times), or all layers have the very
    same one. Experts differ among themselves by nature.
Why it matters: activations are cut off, or rounded to a handful of values.
How to fix: calibrate again, all siblings on the same data.
Seen in: vLLM's check of w1 and w3 input scales in FP8 mixtures of experts.
"""

import math
from collections import defaultdict
from statistics import median

from release.architecture.numbering import pattern_of
from release.facts.magnitudes import FEWEST
from release.facts.measures import Measure, Measures, scalar
from release.facts.siblings import Fused
from release.rules import Findings, Found, Where, rule

UNUSUAL = 1000
PLACEHOLDER = 1.0
VLLM_TOLERANCE = 1e-5


@rule(since="0.1.0", severity="warning", echoes=("B108", "C107"))
def check(measures: Measures, calibrated_together: tuple[Fused, ...]) -> Findings:
    """Report siblings that differ, then scales that are odd among those of their role."""
    usable = [m for m in measures.activation_scales if 0 < scalar(m) < math.inf]
    by_role = {(m.module.name, m.role): m for m in usable}
    for fused in calibrated_together:
        for role in ("input_scale", "input_global_scale"):
            parts = [by_role[p.name, role] for p in fused.parts if (p.name, role) in by_role]
            if len({scalar(part) for part in parts}) > 1:
                yield _differ(fused, role, parts)
    groups: dict[str, list[Measure]] = defaultdict(list)
    for scale in usable:
        if not scale.expert and scalar(scale) != PLACEHOLDER:
            groups[pattern_of(scale.tensor)].append(scale)
    for group in groups.values():
        if len(group) >= FEWEST:
            yield from _odd(group)


def _differ(fused: Fused, role: str, parts: list[Measure]) -> Found:
    values = [scalar(part) for part in parts]
    refused = fused.expert and role == "input_scale"
    refused = refused and max(values) - min(values) > VLLM_TOLERANCE
    listed = ", ".join(f"{p.module.name.rpartition('.')[2]} {scalar(p):g}" for p in parts)
    return Found(
        where=Where(module=fused.name),
        message=f"{role} of {listed}, which read the same input",
        fix="calibrate them again on the same data",
        severity="error" if refused else None,
        about=tuple(part.module.name for part in parts),
    )


def _odd(group: list[Measure]) -> Findings:
    values = [scalar(scale) for scale in group]
    usual = median(values)
    if len(set(values)) == 1:
        yield _found(group[0], f"is {usual:g} in all of {len(group)} layers")
        return
    for scale, value in zip(group, values, strict=True):
        if not usual / UNUSUAL <= value <= usual * UNUSUAL:
            yield _found(scale, f"is {value:g}, in other layers about {usual:g}")


def _found(scale: Measure, message: str) -> Found:
    where = Where(file=scale.info.shard, tensor=scale.tensor)
    return Found(where, message, "calibrate again, with data that reaches the module")
