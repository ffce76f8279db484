"""A tensor holds the weights of another one.

What it checks: a quantized weight that is unlike its own, against the other weights of its shape
    in the base: siblings, other layers, other experts. An unquantized tensor with other values,
    against the values of the others. A layer or an expert all of whose weights are another's is
    one finding.
Why it matters: the model runs, and answers with a layer twice, in the wrong place or exchanged.
How to fix: write the checkpoint again from the right tensors.
Seen in: no public case; of 90 broken checkpoints that vLLM was given, it served these in silence.
"""

from collections.abc import Mapping

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
    weights = {item.module: item.detail for item in comparison.of_cause(Cause.HOLDS_ANOTHER)}
    for module, other in weights.items():
        if block_of(module, blocks) is None:
            message = _exchanged(module, weights) or f"holds {other}'s weights"
            yield Found(where=Where(module=module), message=message, fix=FIX)
    plains = () if comparison.foreign else comparison.plains
    values = {plain.tensor: plain.holds for plain in plains if plain.holds}
    for tensor, other in values.items():
        displacing = blocks.get(block_of(tensor, blocks) or "")
        if not (displacing and other.startswith(f"{displacing}.")):
            message = _exchanged(tensor, values) or f"holds the values of {other}"
            yield Found(where=Where(tensor=tensor), message=message, fix=FIX)


def _exchanged(name: str, holds: Mapping[str, str]) -> str:
    """What is said of both of two that were exchanged, so that it is one line for people."""
    pair = sorted((name, holds[name]))
    return f"{pair[0]} and {pair[1]} are exchanged" if holds.get(holds[name]) == name else ""
