"""A quantized module lacks one of its tensors.

What it checks: every tensor that the module's scheme stores is there: the weight, its scales, the
    global scale of NVFP4, zero points where it is asymmetric, the shape of a packed weight, and
    the input scale where activations are static.
Why it matters: vLLM leaves the parameter as uninitialised memory and says nothing, since its check
    for that is off for quantized models. The layer computes noise, or NaN for some prompts only.
How to fix: export the module again; where the tensor stands there under another name, rename it.
Seen in: vllm #45212, experts without their input scale: NaN whenever a token reached them.
"""

from release.facts.layouts import Layouts
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(layouts: Layouts) -> Findings:
    """Report every tensor that a scheme requires and a module does not have."""
    for fault in layouts.missing:
        renamed = fault.instead is not None
        by = "output_activations" if fault.role.startswith("output_") else fault.scheme
        yield Found(
            where=Where(module=fault.module),
            message=f"{fault.role} is missing; {by} stores it as {fault.expected}"
            + (f", and {fault.instead} is just that" if renamed else ""),
            fix=f"rename {fault.instead} to {fault.role}"
            if renamed
            else "export the module again with all of its tensors",
        )
