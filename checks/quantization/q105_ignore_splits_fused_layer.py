"""`ignore` names some parts of a layer that vLLM fuses, and not the others.

What it checks: of the projections that vLLM loads as one layer (q, k and v; gate and up...), all
    are ignored or none, by vLLM's own names and rules.
Why it matters: vLLM stops: "Found different quantization schemes for the shards of ... vLLM
    requires all to use the same scheme."
How to fix: ignore the other parts too, or none of them.
Seen in: vllm #31623, sglang #18189.
"""

from release.facts.modules import Modules
from release.facts.reader import ReadersView
from release.quantization.reader import MIXED_SHARDS
from release.rules import Findings, Found, Where, rule
from release.text import quoted


@rule(since="0.1.0")
def check(reader: ReadersView, modules: Modules) -> Findings:
    """Report each layer for which vLLM raises that error."""
    for built in reader.layers:
        if built.choice.refused != MIXED_SHARDS:
            continue
        parts = [modules.items[name] for name in built.layer.modules]
        left = [part for part in parts if part.claim.ignored_by is not None]
        if left and all(part.quantized for part in left):
            continue  # stored quantized and ignored: Q104 says it
        kept = [part for part in parts if part.claim.ignored_by is None]
        if kept and all(part.claim.group and not part.quantized for part in kept):
            continue  # claimed and stored plain, as the ignored ones are: T103 says it
        yield Found(
            where=Where(module=(kept or parts)[0].name),
            message=f"it is not ignored, another part of {built.layer.name} is, by "
            f"{quoted(built.choice.ignored_by or '')}; vLLM loads them as one",
            fix="ignore all parts of the layer, or none",
        )
