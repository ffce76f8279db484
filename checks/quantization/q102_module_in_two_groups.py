r"""Two groups claim a module, and readers do not agree which one has it.

What it checks: where several targets match, compressed-tensors takes a name before a pattern
    before a class, and of patterns the alphabetically first; vLLM takes the first of the
    declaration, and one that matches the fused layer before those of its parts. Groups with the
    same arguments cannot disagree. No target stands in two groups that differ.
Why it matters: vLLM reads the tensors by the scheme of another group than they were written in.
How to fix: make the patterns exclude each other, or put the narrower one first.
Seen in: `re:.*_proj$` in one group and `re:.*\.o_proj$` in the next: compressed-tensors 0.19 takes
    the second for o_proj, vLLM 0.32 the first.
"""

from collections import Counter

from release.facts.layouts import Layouts
from release.facts.modules import Module, Modules
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN
from release.rules import Findings, Found, Where, in_config, rule
from release.text import quoted
from release.unknown import Unknown

FIX = "make the patterns exclude each other, or put the narrower group first"


@rule(since="0.1.0")
def check(
    quantization: QuantizationConfig,
    modules: Modules,
    reader: ReadersView | Unknown,
    layouts: Layouts | Unknown,
) -> Findings:
    """Judge targets that stand twice, then each module that several groups claim."""
    keys = {group.name: group.scheme_key for group in quantization.groups}
    torn = [] if isinstance(layouts, Unknown) else [modules.items[m] for m in layouts.torn]
    yield from _twice(quantization, keys, Counter(module.claim.targets[0] for module in torn))
    if isinstance(reader, Unknown):
        yield from _orders(quantization, modules, keys)
        return
    for built in reader.layers:
        parts = [modules.items[name] for name in built.layer.modules]
        claims = {keys[part.claim.group] for part in parts if part.claim.group}
        chosen = built.choice.group
        if chosen is None or built.choice.refused or len(claims) != 1:
            continue
        part = next(part for part in parts if part.claim.group)
        if part.quantized and keys[chosen] not in claims:
            by = quoted(built.choice.target or "")
            message = f"vLLM takes {chosen:.40} for {built.layer.name}, by {by}"
            yield Found(Where(module=part.name), f"{_written(part)}; {message}", FIX)


def _twice(
    quantization: QuantizationConfig, keys: dict[str, tuple[object, ...]], torn: Counter[str]
) -> Findings:
    owners: dict[str, str] = {}
    for group in quantization.groups:
        for position, target in enumerate(group.targets):
            first = owners.setdefault(target, group.name)
            if keys[first] != keys[group.name]:
                where = in_config(f"{group.path}.targets.{position}")
                message = f"{quoted(target)} is a target of {first:.40} too; the later group has it"
                if torn[target]:
                    message += f", and {torn[target]:,} modules are stored as another declares"
                severity = None if torn[target] else "warning"
                yield Found(where, message, "leave it in one of them", severity)


def _orders(
    quantization: QuantizationConfig, modules: Modules, keys: dict[str, tuple[object, ...]]
) -> Findings:
    """Without vLLM's names: whether the two orders of patterns give another group."""
    owner = {target: group.name for group in quantization.groups for target in group.targets}
    order = {target: place for place, target in enumerate(owner)}
    for module in modules:
        if module.claim.group is None:
            continue
        patterns = [target for target in module.claim.targets if target.startswith(PATTERN)]
        first = min(patterns, key=order.__getitem__, default=None)
        if first is not None and keys[owner[first]] != keys[module.claim.group]:
            message = f"{_written(module)}; the first in the declaration is {quoted(first)}"
            yield Found(Where(module=module.name), message, FIX, "warning")


def _written(part: Module) -> str:
    return f"compressed-tensors: {part.claim.group:.40} by {quoted(part.claim.targets[0])}"
