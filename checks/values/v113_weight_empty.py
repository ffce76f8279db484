"""A weight is all zero, or the same value everywhere.

What it checks: every weight of two dimensions or more, quantized or not: Linears, embeddings,
    convolutions. Biases and norms may be zeros or ones, and with --base what is so in the base:
    blocks that were put in to be trained (LLaMA Pro) begin as zeros.
Why it matters: the layer gives nothing, or the same for every input; the model answers, but worse.
How to fix: export the module again; look whether it was on another device when it was saved.
Seen in: tests only; no public case is known of a whole weight (see V114 for rows).
"""

from release.architecture.skeleton import NORM
from release.facts.measures import MATRIX, Measure, Measures
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", echoes=("B",))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report every weight in which all values are alike."""
    for weight in measures.weights:
        values = weight.values
        if len(weight.info.shape) < MATRIX or values.words < MATRIX or values.bad:
            continue
        if weight.compared in faithful or weight.module.kind == NORM:
            continue
        if values.zero or values.constant:
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=f"all of {_elements(weight)} are {'zero' if values.zero else 'the same'}",
                fix="export the module again",
            )


def _elements(weight: Measure) -> str:
    shape = weight.module.shape
    count = shape[0] * shape[1] if shape and weight.module.quantized else weight.info.elements
    return f"{count:,} weights"
