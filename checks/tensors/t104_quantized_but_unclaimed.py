"""A module is stored quantized, and no config group claims it.

What it checks: every module that holds a packed weight, or one of 8-bit floats or integers, is
    claimed by a group with arguments for weights.
Why it matters: vLLM builds an unquantized layer and cannot load it: "There is no module or
    parameter named ...weight_scale". Loaders that convert values load noise.
How to fix: correct the targets of the group that was meant to claim it.
Seen in: config groups copied from one model's recipe to another, with a letter lost on the way.
"""

from difflib import get_close_matches

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.quantization.layout import recognise
from release.quantization.naming import weights_in_words
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(layouts: Layouts, modules: Modules) -> Findings:
    """Report every quantized module without a group, and the target that nearly claims it."""
    lost = sorted(modules.unmatched)
    for fault in layouts.unclaimed:
        module = modules.items[fault.module]
        found = recognise(module.tensors, module.shape)
        looks = f" and looks like {weights_in_words(found[0].weights)}" if found else ""
        near = get_close_matches(fault.module, lost, 1, 0.8)
        yield Found(
            where=Where(module=fault.module),
            message=f"{fault.role} is {fault.stored}{looks}, but no group claims the module",
            fix=f"correct the target {near[0]!r:.80}, which matches nothing"
            if near
            else "let the targets of a group match it, or store it as plain floats",
        )
