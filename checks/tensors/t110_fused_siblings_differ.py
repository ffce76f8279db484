"""Projections that vLLM loads as one layer are declared in different schemes.

What it checks: the parts of a fused layer (q, k and v; gate and up; in_proj_qkv and in_proj_z ...)
    are all claimed with the same arguments, or none of them is claimed. Which parts are fused
    follows from the architecture; modules that are one on disk (Phi-3) have no siblings.
Why it matters: vLLM takes the scheme of the first part for all of them. The tensors of the others
    then fail a shape assertion, or are computed with in the wrong precision without a word.
How to fix: let one group claim all parts, or none.
Seen in: auto-round #2174, gate and up with different bits: an AssertionError while vLLM loads.
"""

from release.facts.layouts import Layouts
from release.facts.modules import Module
from release.facts.siblings import Fused
from release.quantization.naming import weights_in_words
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0")
def check(siblings: tuple[Fused, ...], layouts: Layouts | Unknown) -> Findings:
    """Compare what the groups say of each fused layer.

    What `ignore` splits is Q105's; a part that is quantized and that none claims is T104's; one
    of which a target stands twice is Q102's.
    """
    torn = frozenset() if isinstance(layouts, Unknown) else layouts.torn
    for fused in siblings:
        if not torn.isdisjoint(part.name for part in fused.parts):
            continue
        parts = [part for part in fused.parts if part.claim.ignored_by is None]
        lost = [part for part in parts if part.quantized and part.scheme is None]
        if fused.expert or lost or len(parts) < len(fused.parts):
            continue
        schemes = [_declared(part) for part in parts]
        odd = next((i for i, scheme in enumerate(schemes) if scheme != schemes[0]), None)
        if odd is not None and Unknown not in map(type, [part.scheme for part in parts]):
            yield Found(
                where=Where(module=parts[odd].name),
                message=f"is declared {_words(parts[odd])}, {parts[0].name} {_words(parts[0])}; "
                f"vLLM loads both as {fused.name.rpartition('.')[2]}",
                fix="let one group claim all of them, or none",
            )


def _declared(module: Module) -> object:
    scheme = module.scheme
    return (scheme.slots, scheme.weights, scheme.inputs) if isinstance(scheme, Scheme) else None


def _words(module: Module) -> str:
    scheme = module.scheme
    if not isinstance(scheme, Scheme):
        return "unquantized"
    return f"{weights_in_words(scheme.weights)} ({scheme.name})"
