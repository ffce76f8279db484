r"""vLLM does not find a module's group, or finds one for a module that has none.

What it checks: vLLM resolves targets and `ignore` on its own names: prefixes changed, projections
    fused, experts asked by the first, the head by name only, patterns not renamed. Its answer is
    compared with that of compressed-tensors where that one is what is stored.
Why it matters: a layer built in BF16 gets packed bytes, or the reverse: "There is no module or
    parameter named ...weight_scale", a KeyError, or noise.
How to fix: write patterns that match both names: without the beginning (`re:.*self_attn...`),
    with `\.` before the projection's name and `$` after it.
Seen in: vllm #28072 and #40252.
"""

from release.architecture.layers import HEAD, ROUTED, TABLE
from release.facts.modules import Module, Modules
from release.facts.reader import Built, ReadersView
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN
from release.quantization.reader import MIXED_EXPERTS
from release.rules import Findings, Found, Where, rule
from release.text import quoted

FIX = r"write a pattern for both names, such as 're:.*\.{last}$'"


@rule(since="0.1.0")
def check(reader: ReadersView, modules: Modules, quantization: QuantizationConfig) -> Findings:
    """Give both answers for each layer on which they differ; Q107 and Q108 have what is none."""
    if modules.pattern_problems or quantization.wrong & {"config_groups", "ignore"}:
        return
    for built in reader.layers:
        parts = [modules.items[name] for name in built.layer.modules]
        if built.layer.kind == TABLE or _has_other_owner(built, parts):
            continue
        lost = next((part for part in parts if _is_lost(built, part)), None)
        if lost is not None:
            yield Found(
                where=Where(module=lost.name),
                message=f"{_written(lost)}; {_read(built)}",
                fix=FIX.format(last=lost.name.rpartition(".")[2]),
            )


def _has_other_owner(built: Built, parts: list[Module]) -> bool:
    """Whether T110, T111, T114, Q104 or Q105 says what is wrong with this layer."""
    if built.choice.refused not in {None, MIXED_EXPERTS}:
        return True
    if any(part.claim.ignored_by is not None and part.quantized for part in parts):
        return True
    claims = {part.claim.group for part in parts}
    split = len(claims) > 1 and not any(part.claim.ignored_by for part in parts)
    named = any(
        target.startswith(PATTERN) or target == part.name
        for part in parts
        for target in part.claim.targets
    )
    uneven = built.layer.kind == ROUTED and len(claims) > 1
    return split or uneven or (built.layer.kind == HEAD and not named)


def _is_lost(built: Built, part: Module) -> bool:
    """Whether vLLM builds the module otherwise than it is both declared and stored."""
    stored, claimed = part.quantized, part.claim.group is not None
    if stored != claimed:
        return False  # compressed-tensors' own answer is wrong, and other rules say so
    return built.choice.refused is not None or stored != (built.choice.group is not None)


def _written(part: Module) -> str:
    if part.claim.group:
        return f"compressed-tensors: {part.claim.group:.40} by {quoted(part.claim.targets[0])}"
    by = f"ignored by {quoted(part.claim.ignored_by)}" if part.claim.ignored_by else "no target"
    return f"compressed-tensors: not quantized, {by}"


def _read(built: Built) -> str:
    name, choice = built.layer.name, built.choice
    if choice.refused:
        return f"vLLM refuses {name}: {choice.refused}"
    if choice.group:
        asked = f"{name}.0" if built.layer.kind == ROUTED else name
        return f"vLLM: {asked} is quantized, {choice.group:.40} by {quoted(choice.target or '')}"
    by = f"ignored by {quoted(choice.ignored_by)}" if choice.ignored_by else "no target matches"
    return f"vLLM: {name} is not quantized, {by}"
