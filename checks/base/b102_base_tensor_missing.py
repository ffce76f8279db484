"""A tensor of the base is not here, or one here is not in the base.

What it checks: every tensor of the base is found again, renamed, fused, split or tied; buffers
    that are computed are left out, and so is what config.json says is missing. The reverse too.
Why it matters: what the base can do and the checkpoint cannot is lost in silence: an MTP head, a
    tower, a bias.
How to fix: copy the tensors from the base, or say in the card that the feature is gone.
Seen in: sakamakismile/Qwen3.6-27B-NVFP4, whose lost MTP head accepted no token; sglang #35797.
"""

from collections.abc import Iterable

from release.comparison.neighbours import by_pattern
from release.facts.comparison import Comparison
from release.facts.components import AUDIO, MTP, PROJECTOR, VISION, component_of
from release.rules import Findings, Found, Where, rule

APART = {MTP, VISION, AUDIO, PROJECTOR}


@rule(since="0.1.0")
def check(comparison: Comparison) -> Findings:
    """Report lost parts as one, other tensors by what they have in common."""
    if comparison.foreign:
        return
    parts: dict[str, list[str]] = {}
    for tensor in comparison.lost:
        parts.setdefault(_part(tensor, comparison.extra_layers), []).append(tensor)
    for part, tensors in parts.items():
        for found in [tensors] if part else by_pattern(tensors).values():
            yield Found(
                where=Where(tensor=found[0]),
                message=f"{_count(found)} of the base {part and f'({part}) '}is not here",
                fix="copy it from the base, or export again",
                severity="warning" if part else None,
            )
    for tensors in by_pattern(comparison.new).values():
        yield Found(
            where=Where(tensor=tensors[0]),
            message=f"{_count(tensors)} here is not in the base",
            fix="check which model and revision was quantized",
            severity="warning",
        )


def _part(tensor: str, extra_layers: str) -> str:
    component = component_of(tensor.rpartition(".")[0])
    if component in APART:
        return component
    return MTP if extra_layers and tensor.startswith(extra_layers) else ""


def _count(tensors: Iterable[str]) -> str:
    count = len(list(tensors))
    return "a tensor" if count == 1 else f"a set of {count:,} tensors"
