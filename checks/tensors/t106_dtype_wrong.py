"""A tensor of a quantized module has a dtype that its scheme does not store.

What it checks: the dtype of weights, scales, global scales, zero points and shapes. Scales of FP8
    and integer weights may be BF16, F16 or F32; block scales of NVFP4 are F8_E4M3 and those of
    MXFP4 and MXFP8 U8, exactly. A global scale of 16 bits is a warning: it loses precision only;
    so is one scale in F16 among many in BF16, or the reverse, as if only its label were changed.
Why it matters: vLLM converts the values while it copies them and says nothing: codes become
    numbers, exponents become scales.
How to fix: export the tensor again in the dtype that the scheme stores.
Seen in: sglang #26701, E8M0 scales that a loader copied by value into bytes: most became 0.
"""

from collections import Counter, defaultdict

from release.facts.layouts import Layouts
from release.facts.modules import Modules
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule

NARROW = {"BF16", "F16"}
SCALES = ("weight_scale", "input_scale")
FEW, SURE = 0.1, 3  # share of the others, and the least number of those alike


@rule(since="0.1.0")
def check(layouts: Layouts, modules: Modules) -> Findings:
    """Report every tensor of another dtype."""
    yield from _outliers(modules)
    for fault in layouts.dtypes:
        rounded = fault.role.endswith("_global_scale") and fault.stored in NARROW
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"is {fault.stored}; {fault.scheme} stores {fault.role} as {fault.expected}",
            fix=f"export it as {fault.expected}",
            severity="warning" if rounded else None,
        )


def _outliers(modules: Modules) -> Findings:
    """Scales in the other 16 bits than all others: a scale has the dtype of the model."""
    alike: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for module in modules:
        for role in SCALES if module.claim.group else ():
            info = module.tensors.get(role)
            if info is not None and info.dtype in FLOAT_DTYPES:
                alike[module.claim.group or "", role].append((module.tensor(role), info.dtype))
    for members in alike.values():
        usual, count = Counter(dtype for _, dtype in members).most_common(1)[0]
        others = len(members) - count
        for tensor, dtype in members if others <= max(1, FEW * count) and count >= SURE else ():
            if dtype != usual and {dtype, usual} == NARROW:
                what = f"is {dtype}; {count:,} of {len(members):,} like it are {usual}"
                yield Found(Where(tensor=tensor), what, f"export it as {usual}", "warning")
