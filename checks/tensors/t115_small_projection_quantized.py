"""A projection that is very small is quantized.

What it checks: no quantized Linear has fewer than 64 rows or columns where its other side is 512
    or more, and 16 times as long. What is small because the whole model is says nothing.
Why it matters: kernels work in tiles: they pad such a module or refuse it, and there is nothing to
    gain in it. Gates of linear attention (in_proj_a and in_proj_b, one row a head) are such.
How to fix: add the module to `ignore` and quantize again.
Seen in: recipes that target `Linear` in Qwen3-Next and Qwen3.5 and ignore the head only.
"""

from release.architecture.skeleton import LINEAR
from release.facts.modules import Modules
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule

SMALLEST, LONG, RATIO = 64, 512, 16  # rows or columns


@rule(since="0.1.0", severity="warning")
def check(modules: Modules) -> Findings:
    """Judge the logical shape of every quantized Linear; routers are T112's."""
    for module in modules:
        if module.kind != LINEAR or module.float_only or module.shape is None:
            continue
        if not module.quantized or not isinstance(module.scheme, Scheme):
            continue
        rows, columns = module.shape
        short, long = sorted(module.shape)
        if short < SMALLEST and long >= max(LONG, RATIO * short):
            yield Found(
                where=Where(module=module.name),
                message=f"is {rows:,} x {columns:,} and stored as {module.scheme.name}",
                fix="add it to ignore and quantize again",
            )
