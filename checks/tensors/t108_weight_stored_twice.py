"""A module stores its weight, or its scale, under two names.

What it checks: no module that a group claims holds both `weight` and `weight_packed`, or both
    `weight_scale` and `weight_scale_inv`.
Why it matters: one of the two is stale, and each engine takes its own: one finds no parameter for
    the second name and stops, another loads whichever comes last.
How to fix: remove the tensor that the scheme does not have.
Seen in: exports into a folder that still held the unquantized shards.
"""

from release.facts.layouts import Layouts
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(layouts: Layouts) -> Findings:
    """Report the second of two names."""
    for fault in layouts.twice:
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"is {fault.stored}, beside {fault.instead}, which {fault.scheme} stores",
            fix=f"remove {fault.role}, or export the module again",
        )
