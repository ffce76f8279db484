"""A module is stored quantized, and no config group claims it.

What it checks: every module that holds a packed weight, or one of 8-bit floats or integers, is
    claimed by a group with arguments for weights. Where a group's target matches nothing, modules
    that are stored as that group declares are left to Q101.
Why it matters: vLLM builds an unquantized layer and cannot load it: "There is no module or
    parameter named ...weight_scale". Loaders that convert values load noise.
How to fix: correct the targets of the group that was meant to claim it.
Seen in: config groups copied from one model's recipe to another, with a letter lost on the way.
"""

from release.facts.layouts import Layouts
from release.facts.missed import Missed
from release.facts.modules import Modules
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.quantization.layout import recognise
from release.quantization.naming import weights_in_words
from release.rules import Findings, Found, Where, rule
from release.text import quoted
from release.unknown import Unknown


@rule(since="0.1.0")
def check(
    layouts: Layouts,
    modules: Modules,
    reader: ReadersView | Unknown,
    quantization: QuantizationConfig,
    missed: tuple[Missed, ...],
) -> Findings:
    """Report every quantized module without a group, unless a target was meant for it."""
    lost = {module for one in missed for module in one.lost}
    layers = {} if isinstance(reader, Unknown) else reader.of_modules()
    groups = {group.name for group in quantization.groups if group.weights is not None}
    read = {one.group for one in missed if one.read}
    for fault in layouts.unclaimed:
        built = layers.get(fault.module)
        group = built.choice.group if built else None
        if fault.module in lost or group in read:
            continue
        module = modules.items[fault.module]
        found = recognise(module.tensors, module.shape)
        looks = f" and looks like {weights_in_words(found[0].weights)}" if found else ""
        message = f"{fault.role} is {fault.stored}{looks}, but no group claims the module"
        if built and group in groups:
            by = quoted(built.choice.target or "")
            message += f"; vLLM alone takes {group:.40} for {built.layer.name}, by {by}"
        yield Found(
            where=Where(module=fault.module),
            message=message,
            fix="let the targets of a group match it, or store it as plain floats",
            severity="warning" if built and group in groups else None,
        )
