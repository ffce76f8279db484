"""A tensor that is not quantized has other values than the base.

What it checks: norms, embeddings, biases, routers and every other unquantized tensor, bit for bit
    where the dtype is the base's, after casting the wider to the narrower where it is not. Norms
    of the kind `x * (1 + w)` may have been rounded as 1 + w, which llm-compressor does. A tower of
    which nothing is the base's is one finding. One factor, or one summand, for a whole tensor is
    named, and an error: nothing else makes up for it.
Why it matters: quantization has no reason to touch them: the model is another one.
How to fix: copy the tensor from the base, or name the base that was really quantized.
Seen in: no public case; a merge or a fine-tune that names the original as its base.
"""

from release.comparison.blocks import block_of, whole_blocks
from release.comparison.results import Difference, Sameness
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule

CLOSE = 0.999
FIX = "copy it from the base, or name the base that was quantized"


@rule(since="0.1.0", severity="warning", echoes=("V101", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report those that are not another tensor's, nor in a block that is: B108 has these."""
    displaced = comparison.displaced()
    wrong = {
        item.tensor: item
        for item in (() if comparison.foreign else comparison.plains)
        if item.likeness.sameness is Sameness.DIFFERENT and not item.holds
        if block_of(item.tensor, displaced) is None
    }
    compared = [w.module for w in comparison.weights] + [p.tensor for p in comparison.plains]
    blocks = whole_blocks(wrong, compared)
    for block, count in blocks.items():
        inside = [item for tensor, item in wrong.items() if block_of(tensor, blocks) == block]
        message = f"none of its {count:,} tensors has the values of the base"
        yield Found(Where(module=block), message, FIX, _severity(inside))
    for tensor, item in wrong.items():
        if block_of(tensor, blocks) is None:
            yield Found(Where(tensor=tensor), _words(item), FIX, _severity([item]))


def _severity(items: list[Difference]) -> str | None:
    """An error, unless all are close; NaN is not, nor what is another norm's size."""
    close = (i.likeness.cosine >= CLOSE and not i.likeness.change for i in items)
    return None if all(close) else "error"


def _words(item: Difference) -> str:
    likeness = item.likeness
    if likeness.change:
        return f"is the base's {likeness.change}, all of {likeness.elements:,} values"
    return (
        f"{likeness.differing:,} of {likeness.elements:,} values differ from the base, the first "
        f"at index {likeness.first}, by up to {likeness.largest:.2g} of its largest "
        f"(cosine {likeness.cosine:.4f})"
    )
