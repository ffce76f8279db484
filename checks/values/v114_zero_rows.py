"""Rows of a weight are all zero.

What it checks: of every 2-D weight, whether more than 0.5 % of the rows (and more than three) are
    zero, or over 64 in a row are. Quantized rows count by their codes. Embeddings and heads have
    rows of tokens that nobody uses: of theirs, up to half may be zero, but not 1,024 at a stretch,
    or a quarter, that are tokens of the vocabulary's own and no reserved ones. What V113 or V115
    reports is theirs. With --base, rows that are zero there too are no finding.
Why it matters: these outputs are dead. A mean error over the tensor does not show it.
How to fix: compare with the base: rows that are zero there are no fault (allow it, and say so).
Seen in: ollama #15866, an expert's rows lost in conversion.
"""

import re

from release.architecture.skeleton import CONV
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.measures import Measure, Measures
from release.facts.tokenizer import Tokenizer
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule
from release.scan.values import Values

FEW, SHARE, HALF, RUN = 3, 0.005, 0.5, 64
QUARTER, MANY = 0.25, 1024

RESERVED = re.compile(r"<.*>|\[.*\]|madeupword.*", re.DOTALL)
"""Tokens that no text has: `<unused7>`, `[unused7]`, `<|reserved_special_token_7|>`."""


@rule(since="0.1.0", severity="warning", echoes=("B",))
def check(measures: Measures, tokenizer: Tokenizer, faithful: frozenset[str]) -> Findings:
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
        run = _tokens_lost(values, tokenizer) if table else values.zero_run > RUN
        if many or run:
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=f"{values.zero_rows.count:,} of {values.rows:,} rows are zero, the first "
                f"is row {values.zero_rows.first or 0:,}, up to {values.zero_run:,} at a stretch",
                fix="compare with the base; export again if the rows are not zero there",
            )


def _tokens_lost(values: Values, tokenizer: Tokenizer) -> bool:
    """Whether a stretch of zero rows is of tokens that texts have."""
    ids = tokenizer.ids or {}
    few = min(MANY, QUARTER * len(ids))
    if values.zero_run <= few:
        return False
    run = range(values.zero_run_at, values.zero_run_at + values.zero_run)
    used = (
        token for token, number in ids.items() if number in run and token not in tokenizer.added
    )
    return sum(not RESERVED.fullmatch(token) for token in used) > few


def _is_torn(weight: Measure) -> bool:
    return weight.values.hole is not None and weight.values.hole.torn
