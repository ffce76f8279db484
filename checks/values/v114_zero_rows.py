"""Rows of a weight are all zero.

What it checks: of every 2-D weight, whether more than 0.5 % of the rows (and more than three) are
    zero, or over 64 in a row are. Quantized rows count by their codes. Embeddings and heads have
    rows of tokens that nobody uses: of theirs, up to half may be zero. What V113 or V115 reports
    is theirs. With --base, rows that are zero there too are no finding.
Why it matters: these outputs are dead. A mean error over the tensor does not show it.
How to fix: compare with the base: rows that are zero there are no fault (allow it, and say so).
Seen in: ollama #15866, an expert's rows lost in conversion.
"""

from release.architecture.skeleton import CONV
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.measures import Measure, Measures
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule

FEW, SHARE, HALF, RUN = 3, 0.005, 0.5, 64


@rule(since="0.1.0", severity="warning", echoes=("B",))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report weights with more dead rows than chance leaves."""
    for weight in measures.weights:
        values = weight.values
        if values.zero or values.constant or _is_torn(weight) or weight.compared in faithful:
            continue
        opaque = weight.scheme is None and weight.info.dtype not in {*FLOAT_DTYPES, "F8_E4M3"}
        if weight.module.kind == CONV or opaque:
            continue  # what is packed in an unknown way has no rows
        table = weight.module.component in {EMBEDDINGS, HEAD}
        many = values.zero_rows.count > max(FEW, (HALF if table else SHARE) * values.rows)
        if many or (values.zero_run > RUN and not table):
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=f"{values.zero_rows.count:,} of {values.rows:,} rows are zero, the first "
                f"is row {values.zero_rows.first or 0:,}, up to {values.zero_run:,} at a stretch",
                fix="compare with the base; export again if the rows are not zero there",
            )


def _is_torn(weight: Measure) -> bool:
    return weight.values.hole is not None and weight.values.hole.torn
