"""A config group claims no module.

What it checks: every config group, and every target of it, matches at least one module of the
    checkpoint. Groups for attention itself hold no weights and are left alone. Modules that are
    stored just as the group declares, and that no group claims, are what its target was meant for.
Why it matters: the modules that were meant stay in BF16. compressed_tensors and vLLM say nothing,
    and the card advertises a precision that is not in the files. Where the modules are quantized,
    vLLM cannot load them: "There is no module or parameter named ...weight_scale".
How to fix: correct `targets` (full names, `re:` patterns from the start of the name, or class
    names), or drop the group.
Seen in: llm-compressor #2641, where an example's pattern missed the modules it meant.
"""

from release.facts.missed import Missed
from release.facts.modules import Modules
from release.facts.nearest import nearest_module
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule
from release.text import quoted


@rule(since="0.1.0")
def check(
    quantization: QuantizationConfig, modules: Modules, missed: tuple[Missed, ...]
) -> Findings:
    """Judge each group by its targets that match nothing."""
    for one in missed:
        where = in_config(f"{quantization.group(one.group).path}.targets")
        target = quoted(one.targets[0])
        if one.read:
            what = f"only vLLM matches {target}, by its own names and classes"
            fix = "write the class or names of the checkpoint, which vLLM matches too"
            yield Found(where, what, fix, "warning")
            continue
        what = (
            f"no target of {one.group:.60} matches any" if one.alone else f"{target} matches none"
        )
        what = f"{what} of {len(modules):,} modules"
        if one.lost:
            what += f"; {len(one.lost):,} stored as it declares have no group"
        near = one.lost[0] if one.lost else nearest_module(modules.items, one.targets[0])
        hint = f"the nearest module is {near}" if near else "compare it with the module names"
        serious = one.alone or one.lost
        yield Found(where, what, f"correct the target; {hint}", None if serious else "warning")
