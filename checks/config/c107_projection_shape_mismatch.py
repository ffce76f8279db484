"""A weight does not have the shape that config.json implies.

What it checks: for the architectures described here, every projection, bias, convolution and
    norm against heads, head_dim, intermediate sizes and the other settings it follows from.
    Packed weights are compared unpacked.
Why it matters: vLLM copies a part of a tensor that is larger than its parameter, without a word;
    of a smaller one it only says that an assertion failed.
How to fix: correct the setting that does not fit, or export the tensor again.
Seen in: vllm #31454, a pruned model whose config still had the intermediate_size of before.
"""

from release.facts.misfits import Misfits
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(misfits: Misfits) -> Findings:
    """Report every misfit that no broader cause explains."""
    for misfit in misfits.projections:
        yield Found(
            where=Where(module=misfit.module),
            message=f"{misfit.role} is {list(misfit.stored)}, the config implies "
            f"{list(misfit.implied)}",
            fix="correct the setting it follows from, or export the module again",
        )
