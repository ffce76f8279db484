"""Some rows or columns of a quantized weight are wrong.

What it checks: the signal-to-noise ratio of every row against its scheme's floor (FP8 15 dB, INT8
    12 dB, NVFP4 6 dB, INT4 4 dB). Rows that are next to nothing in the base are left out, as one
    scale for a whole tensor may flush them, and rows of which plain rounding keeps as little. GPTQ
    leaves rows of trained weights -4 dB: where it moved them, those count whose cosine with the
    base is under 0.15 or whose size is another. Columns that are zero here and not in the base,
    unless it was GPTQ, which clears those of inputs that it never saw.
Why it matters: a mean over the tensor does not show them, the output channel does.
How to fix: quantize the module again; look at the scales of these rows.
Seen in: ollama #15866: 2,048 rows of in_proj_qkv are zero after packing.
"""

from release.comparison.results import Cause, Measure
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule

SHOWN = 3


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report the module and the first of its rows."""
    for item in comparison.of_cause(Cause.ROWS):
        yield Found(
            where=Where(module=item.module),
            message=_words(item.measure),
            fix="quantize the module again, and look at the scales of these rows",
        )
    for item in comparison.of_cause(Cause.COLUMNS):
        measure = item.measure
        columns = _named("column", measure.dead_columns, measure.elements // measure.rows)
        yield Found(
            where=Where(module=item.module),
            message=f"{columns} zero here and not in the base",
            fix="quantize the module again from the base",
        )


def _words(measure: Measure) -> str:
    rows = _named("row", measure.bad_rows, measure.rows)
    if len(measure.dead_rows) == len(measure.bad_rows):
        return f"{rows} zero here and not in the base"
    least = f", the worst has {measure.worst.sqnr:.1f} dB" if measure.worst else ""
    return f"{rows} not the base's{least}"


def _named(kind: str, places: tuple[int, ...], total: int) -> str:
    """Count rows or columns, and name the first ones: `2 rows of 128 (3, 5) are`."""
    shown = ", ".join(map(str, places[:SHOWN]))
    if len(places) == 1:
        return f"{kind} {shown} of {total:,} is"
    more = ", …" if len(places) > SHOWN else ""
    return f"{len(places):,} {kind}s of {total:,} ({shown}{more}) are"
