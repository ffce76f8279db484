"""The groups that columns are assigned to do not fit their number and size.

What it checks: `weight_g_idx` of older releases: every number is that of a group, and every group
    has as many columns as `group_size` says. All of them -1 means that the columns are in order.
Why it matters: columns are scaled by another group's scale. Newer compressed-tensors and vLLM
    refuse the tensor altogether (Q117).
How to fix: quantize again; `actorder: static` needs no such tensor.
Seen in: tests only; no public case is known.
"""

from release.facts.measures import Measure, Measures
from release.rules import Findings, Found, Where, rule

IN_ORDER = -1


@rule(since="0.1.0")
def check(measures: Measures) -> Findings:
    """Report every assignment that is no permutation of the columns in order."""
    for measure in measures.group_indices:
        text = _wrong(measure)
        if text:
            where = Where(file=measure.info.shard, tensor=measure.tensor)
            yield Found(where, text, "quantize the module again")


def _wrong(measure: Measure) -> str:
    indices, scheme = measure.values.indices, measure.scheme
    size = scheme.weights.group_size if scheme else None
    if indices is None or not size or size < 0:
        return ""
    if indices.low == indices.high == IN_ORDER:
        return ""
    groups = -(-measure.values.words // size)
    if indices.low < 0 or indices.high >= groups:
        return f"numbers from {indices.low:,} to {indices.high:,}, there are {groups:,} groups"
    rest = measure.values.words % size or size
    if indices.distinct < groups or indices.commonest > size or indices.rarest < rest:
        return (
            f"{indices.distinct:,} of {groups:,} groups have columns, "
            f"{indices.rarest:,} to {indices.commonest:,} of them each, not {size:,}"
        )
    return ""
