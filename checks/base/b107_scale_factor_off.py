"""A quantized weight is the base's times a factor.

What it checks: the slope of the dequantized weight over the base's, where their cosine is good. The
    factors that are known to be confused are named: 2, 6, 448, 2688, and their inverses. Of weights
    rounded to nearest, that of every group of columns with a scale of its own too.
Why it matters: the layer's output is off by that factor, in every token.
How to fix: store the scale that the format asks for: compressed-tensors divides by
    weight_global_scale, ModelOpt multiplies by its inverse.
Seen in: imp #1433 (a global scale inverted on conversion).
"""

from release.comparison.causes import factor_words
from release.comparison.results import Cause
from release.facts.comparison import Comparison
from release.rules import Findings, Found, Where, rule
from release.units import plural


@rule(since="0.1.0", echoes=("V102", "V103", "V104", "V107", "V115"))
def check(comparison: Comparison) -> Findings:
    """Report each of them."""
    for item in comparison.of_cause(Cause.FACTOR):
        yield Found(
            where=Where(module=item.module),
            message=item.detail
            or f"is the base's times {factor_words(item.measure.slope)} "
            f"(cosine {item.measure.cosine:.4f})",
            fix="store the scale, or global scale, that the format asks for",
        )
    for item in comparison.of_cause(Cause.GROUPS):
        group = item.measure.off_group
        if group is not None:
            yield Found(
                where=Where(module=item.module),
                message=f"{plural(item.measure.off_groups, 'group')} of columns is not the base's: "
                f"row {group.row:,} from column {group.column:,} on is its "
                f"times {factor_words(group.slope)}",
                fix="quantize the module again; single scales are wrong",
            )
