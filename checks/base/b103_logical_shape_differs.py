"""A weight has another shape than in the base.

What it checks: the logical (out, in) of every weight, unpacked, against its counterpart: a whole
    tensor, a slice of fused experts, rows of a joined projection.
Why it matters: the base's config cannot describe it; a pruned or padded model is another model.
How to fix: export it again from the base that was named, or name the pruned model as the base.
Seen in: vllm #31454, a pruned model whose config was the base's.
"""

from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(comparison: Comparison) -> Findings:
    """Report each of them, unless the base is wrong as a whole."""
    for item in () if comparison.foreign else comparison.reshaped:
        yield Found(
            where=Where(tensor=item.tensor),
            message=f"is {list(item.shape)}, in the base {list(item.base_shape)}",
            fix="export it again from this base, or name the base that has this shape",
        )
