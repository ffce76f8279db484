"""A tensor of a quantized module has a dtype that its scheme does not store.

What it checks: the dtype of weights, scales, global scales, zero points and shapes. Scales of FP8
    and integer weights may be BF16, F16 or F32; block scales of NVFP4 are F8_E4M3 and those of
    MXFP4 and MXFP8 U8, exactly. A global scale of 16 bits is a warning: it loses precision only.
Why it matters: vLLM converts the values while it copies them and says nothing: codes become
    numbers, exponents become scales.
How to fix: export the tensor again in the dtype that the scheme stores.
Seen in: sglang #26701, E8M0 scales that a loader copied by value into bytes: most became 0.
"""

from release.facts.layouts import Layouts
from release.rules import Findings, Found, Where, rule

NARROW = {"BF16", "F16"}


@rule(since="0.1.0")
def check(layouts: Layouts) -> Findings:
    """Report every tensor of another dtype."""
    for fault in layouts.dtypes:
        rounded = fault.role.endswith("_global_scale") and fault.stored in NARROW
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"is {fault.stored}; {fault.scheme} stores {fault.role} as {fault.expected}",
            fix=f"export it as {fault.expected}",
            severity="warning" if rounded else None,
        )
