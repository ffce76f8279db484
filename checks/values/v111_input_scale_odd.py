"""The scale of activations is not that of its neighbours, or nothing its norm can give.

What it checks: q, k and v, and gate and up, read the same input, so their static scales are equal
    (FP8 experts: an error, vLLM refuses to load them). Over layers: a scale is over 1,000 times
    off the median of its role (massive activations reach 100 times), or all layers, or all modules
    of several roles, have the very same one. Experts differ among themselves by nature.
    Where a norm gives the input: its largest value is at most sqrt(hidden size) times the norm's
    largest weight, and not under a sixteenth of its median.
Why it matters: activations are cut off, or rounded to a handful of values.
How to fix: calibrate again, all siblings on the same data.
Seen in: vLLM's check of w1 and w3 input scales in FP8 mixtures of experts.
"""

from collections import defaultdict
from statistics import median

from release.architecture.numbering import pattern_of
from release.facts.magnitudes import FEWEST
from release.facts.measures import Measure, Measures, scalar
from release.facts.siblings import Fused
from release.facts.unreachable import Unreachable
from release.rules import Findings, Found, Where, rule

UNUSUAL = 1000
LEAST, MOST = 1e-20, 1e20
"""V110 has the others."""

VLLM_TOLERANCE = 1e-5


@rule(since="0.1.0", severity="warning", echoes=("B108", "C107", "V107"))
def check(
    measures: Measures,
    calibrated_together: tuple[Fused, ...],
    unreachable: tuple[Unreachable, ...],
) -> Findings:
    """Report scales that are one placeholder, else those odd beside siblings, norms and layers."""
    usable = [m for m in measures.activation_scales if LEAST <= scalar(m) <= MOST]
    plain = [scale for scale in usable if not scale.expert]
    if _is_placeholder(plain):
        text = f"is {scalar(plain[0]):g} in all of {len(plain)} modules, as if never calibrated"
        yield _found(plain[0], text)
        return
    by_role = {(m.module.name, m.role): m for m in usable}
    unlike: set[str] = set()
    for fused in calibrated_together:
        for role in ("input_scale", "input_global_scale"):
            parts = [by_role[p.name, role] for p in fused.parts if (p.name, role) in by_role]
            if len({scalar(part) for part in parts}) > 1:
                unlike |= {part.tensor for part in parts}
                yield _differ(fused, role, parts)
    yield from _beyond([entry for entry in unreachable if entry.scale.tensor not in unlike])
    impossible = {entry.scale.tensor for entry in unreachable}
    groups: dict[str, list[Measure]] = defaultdict(list)
    for scale in usable:
        if scale.tensor not in impossible and not scale.expert:
            groups[pattern_of(scale.tensor)].append(scale)
    for group in groups.values():
        if len(group) >= FEWEST:
            yield from _odd(group)


def _is_placeholder(scales: list[Measure]) -> bool:
    roles = {pattern_of(scale.tensor) for scale in scales}
    return len(roles) >= FEWEST and len({scalar(scale) for scale in scales}) == 1


def _beyond(unreachable: list[Unreachable]) -> Findings:
    """One finding for each norm and value: all that read its output were calibrated on it."""
    groups: dict[tuple[str, float], list[Unreachable]] = defaultdict(list)
    for entry in unreachable:
        groups[entry.norm, entry.amax].append(entry)
    for (norm, amax), group in groups.items():
        limit = "at most" if amax > group[0].bound else "about"
        text = f"is made for inputs up to {amax:.3g}; {norm} gives {limit} {group[0].bound:.3g}"
        yield _found(group[0].scale, text, tuple(entry.scale.module.name for entry in group))


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


def _found(scale: Measure, message: str, about: tuple[str, ...] = ()) -> Found:
    where = Where(file=scale.info.shard, tensor=scale.tensor)
    fix = "calibrate again, with data that reaches the module"
    return Found(where, message, fix, about=about)
