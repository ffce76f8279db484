"""A tensor holds the weights of another one.

What it checks: a quantized weight that is unlike its own, against the other weights of its shape
    in the base: siblings, other layers, other experts. An unquantized tensor with other values,
    against the values of the others. A layer or an expert all of whose weights are another's is
    one finding.
Why it matters: the model runs, and answers with a layer twice, in the wrong place or exchanged.
How to fix: write the checkpoint again from the right tensors.
Seen in: no public case; of 90 broken checkpoints that vLLM was given, it served these in silence.
"""

from release.comparison.blocks import block_of
from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule

FIX = "write the checkpoint again, each tensor under its own name"


@rule(since="0.1.0")
def check(comparison: Comparison) -> Findings:
    """Report whose weights each of them holds, of whole layers and experts once."""
    blocks = comparison.displaced()
    for block, other in blocks.items():
        message = f"holds {other}'s weights, all of them"
        yield Found(where=Where(module=block), message=message, fix=FIX)
    for item in comparison.of_cause(Cause.HOLDS_ANOTHER):
        if block_of(item.module, blocks) is None:
            message = f"holds {item.detail}'s weights"
            yield Found(where=Where(module=item.module), message=message, fix=FIX)
    for plain in () if comparison.foreign else comparison.plains:
        displacing = blocks.get(block_of(plain.tensor, blocks) or "")
        with_it = displacing and plain.holds.startswith(f"{displacing}.")
        if plain.holds and not with_it:
            message = f"holds the values of {plain.holds}"
            yield Found(where=Where(tensor=plain.tensor), message=message, fix=FIX)
