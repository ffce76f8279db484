"""A tensor that is not quantized has other values than the base.

What it checks: norms, embeddings, biases, routers and every other unquantized tensor, bit for bit
    where the dtype is the base's, after casting the wider to the narrower where it is not. Norms
    of the kind `x * (1 + w)` may have been rounded as 1 + w, which llm-compressor does.
Why it matters: quantization has no reason to touch them: the model is another one.
How to fix: copy the tensor from the base, or name the base that was really quantized.
Seen in: no public case; a merge or a fine-tune that names the original as its base.
"""

from release.comparison.results import Difference, Sameness
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule

CLOSE = 0.999


@rule(since="0.1.0", severity="warning", echoes=("V101", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report those whose values are not another tensor's: B108 names these."""
    for item in () if comparison.foreign else comparison.plains:
        if item.likeness.sameness is Sameness.DIFFERENT and not item.holds:
            yield Found(
                where=Where(tensor=item.tensor),
                message=_words(item),
                fix="copy it from the base, or name the base that was quantized",
                severity=None if item.likeness.cosine >= CLOSE else "error",  # NaN is not close
            )


def _words(item: Difference) -> str:
    likeness = item.likeness
    return (
        f"{likeness.differing:,} of {likeness.elements:,} values differ from the base, the first "
        f"at index {likeness.first}, by up to {likeness.largest:.2g} of its largest "
        f"(cosine {likeness.cosine:.4f})"
    )
