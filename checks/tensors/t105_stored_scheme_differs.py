"""A module is stored in another scheme than the one that its group declares.

What it checks: where weight and scale do not fit the declared arguments, whether both agree on
    others: another format, another granularity (one scale, one a channel, blocks, groups of
    another size), other bits. Then the declaration is what is wrong, and this says so once.
Why it matters: engines dequantize by the declaration. Where shapes happen to fit they compute
    noise; else the load ends with an assertion that names neither scheme.
How to fix: correct the group's arguments and format, or quantize again with those declared.
Seen in: Model-Optimizer #868, weights whose scales had another granularity than the config said.
"""

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(layouts: Layouts, modules: Modules) -> Findings:
    """Report each module whose weight and scale agree on a scheme that is not declared."""
    for fault in layouts.other:
        group = modules.items[fault.module].claim.group
        yield Found(
            where=Where(module=fault.module),
            message=f"is stored as {fault.stored}; {group} declares {fault.expected}",
            fix=f"correct the arguments of {group}, or quantize the module again",
        )
