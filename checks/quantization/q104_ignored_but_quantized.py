"""A module is ignored by the declaration and stored quantized.

What it checks: no module that an entry of `ignore` matches has packed weights, scales, or a weight
    in FP8 or INT8.
Why it matters: vLLM builds the module unquantized and finds no parameter for the scales: it stops,
    or for hand-written loaders reads 8-bit codes as if they were weights.
How to fix: take the entry out of `ignore`, or export the module unquantized.
Seen in: vllm #44081 and #45132.
"""

from release.facts.modules import Modules
from release.rules import Findings, Found, Where, rule
from release.text import quoted


@rule(since="0.1.0")
def check(modules: Modules) -> Findings:
    """Report every ignored module that holds what only quantization writes."""
    for module in modules:
        if module.claim.ignored_by is not None and module.quantized:
            yield Found(
                where=Where(module=module.name),
                message=f"it is ignored by {quoted(module.claim.ignored_by)}, and stored quantized",
                fix="take it out of quantization_config.ignore, or export it unquantized",
            )
