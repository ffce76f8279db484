"""Blocks of codes are zero under scales that were made of other weights.

What it checks: of weights whose scales are those of blocks or groups, whether over 1 % of the
    blocks are all zero though their scale is as large as those of the others, and not the one value
    that a quantizer gives to whatever is zero. Where all are zero, V113 says it; zero rows are
    V114's, a stretch of zero bytes V115's. GPTQ empties the columns of inputs that are always zero,
    under scales that it has by then: whole columns are a note after it, a warning without a recipe.
Why it matters: a scale is made of the largest weight under it, so there were weights: part of the
    tensor was not written, or was overwritten, and the layer gives something else.
How to fix: export the module again.
Seen in: tests only; no public case is known of blocks (see V114 for rows).
"""

from release.facts.hollow import Hollow
from release.facts.method import Method
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0", echoes=("B", "V113", "V114", "V115"))
def check(hollow: tuple[Hollow, ...], method: Method | Unknown) -> Findings:
    """Report weights that have lost codes, and where."""
    for item in hollow:
        weight = item.weight
        yield Found(
            where=Where(file=weight.info.shard, tensor=weight.tensor),
            message=f"{_place(item)} though their scales are those of weights that are not",
            fix="export the module again",
            severity=_emptied(method) if item.columnwise else None,
        )


def _emptied(method: Method | Unknown) -> str | None:
    """How loud to be of whole columns."""
    if isinstance(method, Unknown) or (method.moved and not method.names):
        return "warning"
    return "info" if method.moved else None


def _place(item: Hollow) -> str:
    if item.columns is not None:
        first, last = item.columns
        return f"columns {first:,} to {last:,} are zero in every row"
    where = f"row {item.row:,} from column {item.column:,} on"
    return f"{item.hollow:,} of {item.blocks:,} blocks, the first in {where}, are zero"
