"""A tensor of quantization stands where none belongs.

What it checks: scales, zero points and other tensors of quantization occur beside a quantized
    weight only, and only those that the module's scheme has. A zero point of a symmetric scheme
    is a note, since older releases of compressed-tensors wrote zeros, which change nothing; one
    that is packed in words was written for an asymmetric scheme, and is an error.
Why it matters: vLLM has no parameter for it: the load ends with "There is no module or parameter
    named ...", or the tensor is left out with everything it meant.
How to fix: remove the tensor, or correct the group so that its scheme has it.
Seen in: ComfyUI #15511, scales that a loader did not expect and dropped in silence.
"""

from release.facts.layouts import Layouts
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(layouts: Layouts) -> Findings:
    """Report companions of float weights, and those that a scheme does not have."""
    for fault in layouts.strays:
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"{fault.role} stands there, but its module holds no quantized weight",
            fix="remove the tensor, or export the weight that it belongs to",
            severity="error",
        )
    for fault in layouts.unexpected:
        if fault.role == "output_scale" and fault.module.endswith(("k_proj", "v_proj")):
            continue  # Q114: an older name of a cache scale
        packed = fault.role == "weight_zero_point" and fault.stored.startswith("I32")
        severity = "info" if fault.role.endswith("_zero_point") else None
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"{fault.role} is {fault.stored}; {fault.scheme} has no such tensor",
            fix="remove the tensor, or correct the group's arguments",
            severity="error" if packed else severity,
        )
