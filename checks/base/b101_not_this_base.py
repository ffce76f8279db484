"""The base is not the model that this checkpoint was made from.

What it checks: hidden size, layers, MLP and heads are those of the base where shapes differ; at
    least half of the tensors have a counterpart of the same name, most of these have its shape, and
    at most 30 % of the quantized weights are unlike anything in the base. Where nearly all
    unquantized matrices have other values, and most norms or quantized weights too, it is another
    training. A quantized base that stores every tensor as it is here is a copy, not a base. One
    finding says so; nothing else is said of strangers.
Why it matters: every other comparison is meaningless, and so is the `base_model` on the card.
How to fix: name the model that was quantized, in the revision that was quantized.
Seen in: no public case; a card that names a sibling of the model that was quantized looks like
    this.
"""

from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(comparison: Comparison) -> Findings:
    """Report the base as such."""
    if comparison.foreign:
        yield Found(
            where=Where(),
            message=f"the base is {comparison.foreign}",
            fix="name the model and revision that was quantized",
        )
