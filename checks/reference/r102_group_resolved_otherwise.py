"""compressed-tensors puts a module into another group than release does.

What it checks: with --reference, compressed-tensors matches targets and ignore on the names of
    the stored modules; every module must get the group that the other rules judge it by.
Why it matters: one of the two is wrong about how the module is quantized, and readers follow
    compressed-tensors.
How to fix: make targets and ignore plainer: full names, or patterns that match one way only.
Seen in: releases of compressed-tensors that changed how targets are matched.
"""

from release.facts.modules import Modules
from release.facts.reference.declaration import Claims, TheirDeclaration
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(
    modules: Modules,
    quantization: QuantizationConfig,
    their_declaration: TheirDeclaration,
    their_claims: Claims,
) -> Findings:
    """Compare every module, unless the declaration itself is at fault: Q107, Q108."""
    if their_declaration.refusal or quantization.problems or modules.pattern_problems:
        return
    for module in modules:
        ours, theirs = module.claim.group, their_claims.get(module.name)
        if ours != theirs:
            yield Found(
                where=Where(module=module.name),
                message=f"{their_declaration.source} gives it {_named(theirs)}, "
                f"release {_named(ours)}",
                fix="name it by its full name in the targets, or in ignore",
            )


def _named(group: str | None) -> str:
    return f"group {group!r:.60}" if group else "no group"
