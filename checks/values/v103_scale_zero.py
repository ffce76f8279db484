"""A scale is zero.

What it checks: `weight_scale` for zeros: 0x00 and 0x80 of FP8, 0.0 of floats, and the E8M0 exponent
    0 (2^-127, flushed to zero). The codes below are read again, for the first 1,024 zeros of a
    tensor. An exponent of 0 over nothing but zeros is what compressed-tensors writes.
Why it matters: the whole block, row or tensor is lost, whatever its codes say. Over zeros nothing
    is lost, but compressed-tensors writes a small number there, never 0: something else wrote it.
How to fix: export the module again.
Seen in: vllm #42601, block scales flushed to zero.
"""

from release.facts.under_scales import Covered
from release.rules import Findings, Found, Where, rule
from release.scan.layout import EXPONENTS


@rule(since="0.1.0")
def check(zero_scales: tuple[Covered, ...]) -> Findings:
    """Report zeros that stand for codes, and zeros that compressed-tensors would not write."""
    for entry in zero_scales:
        scale, scales = entry.scale, entry.scale.values.scales
        where = Where(file=scale.info.shard, tensor=scale.tensor)
        if entry.lost:
            zeros = f"of the {scales.zero.count:,} zeros" if scales else "zeros"
            yield Found(
                where=where,
                message=f"{entry.lost.count:,} {zeros} stand for weights that are not zero, "
                f"the first at {scale.place(entry.lost.first)}",
                fix="export the module again",
            )
        elif scales and scale.info.dtype not in EXPONENTS:
            yield Found(
                where=where,
                message=f"zero, over weights that are all zero: {scale.count(scales.zero)}",
                fix="find out what wrote it; compressed-tensors writes a small number instead",
                severity="warning",
            )
