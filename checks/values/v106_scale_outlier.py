"""A scale is out of all proportion.

What it checks: of float scales, whether the largest is over 1,000 times the median of its tensor
    (where it stands for weights that are not zero; only a note after AWQ or SmoothQuant, which
    leave dead channels so), and whether the scales imply weights above 10,000 or below a millionth.
    Whether all scales of a tensor are the same, or its one scale is exactly 1.0.
    Between layers: whether a module's largest weight is over 256 times off the median of its
    role. NVFP4's own global scale is V107's. With --base, weights that are the base's all the same
    are no finding.
Why it matters: the rows below it drown all others, or vanish.
How to fix: calibrate and export the module again.
Seen in: tests only; no public case is known of float scales.
"""

from collections.abc import Iterator

from release.facts.magnitudes import Magnitude
from release.facts.measures import Measure
from release.facts.recipe import Recipe
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule
from release.scan.layout import EXPONENTS

SMOOTHING = {"AWQ", "SmoothQuant"}
LARGEST, SMALLEST = 1e4, 1e-6
MANY = 32


@rule(since="0.1.0", severity="warning", echoes=("B", "V102", "V104", "V105"))
def check(
    magnitudes: tuple[Magnitude, ...],
    large_scales: tuple[Measure, ...],
    recipe: Recipe,
    faithful: frozenset[str],
) -> Findings:
    """Report scales that are far from others, in their tensor and in their role."""
    large_scales = tuple(s for s in large_scales if s.module.name not in faithful)
    magnitudes = tuple(m for m in magnitudes if m.scale.module.name not in faithful)
    large = {scale.tensor for scale in large_scales}
    smoothed = not SMOOTHING.isdisjoint(recipe.methods)
    for scale in large_scales:
        scales = scale.values.scales
        if scales:
            factor = scale.values.top / scales.median
            at = scale.place(scales.top_at)
            text = f"the largest scale, at {at}, is {factor:,.0f} times the median"
            yield _found(scale, text, "info" if smoothed else None)
    for entry in magnitudes:
        if _alike(entry.scale):
            count, value = entry.scale.values.words, entry.scale.values.top
            yield _found(entry.scale, f"all of {count:,} scales are {value:g}")
        elif entry.global_scale is None and entry.scale.tensor not in large:
            for text in _implausible(entry):
                yield _found(entry.scale, text)


def _alike(scale: Measure) -> bool:
    """Whether many scales are one value. Exponents may be: each stands for a factor of two."""
    values, scales = scale.values, scale.values.scales
    if scales is None or scale.info.dtype in EXPONENTS or values.words < MANY:
        return False
    good = not (values.bad or scales.zero or scales.negative)
    return good and scales.low == values.top


def _implausible(entry: Magnitude) -> Iterator[str]:
    if entry.scale.info.dtype not in FLOAT_DTYPES:
        return  # V118 judges exponents
    if entry.scale.values.words == 1 and entry.scale.values.top == 1.0:
        yield "is exactly 1.0, as where nothing was calibrated"
    elif not SMALLEST <= entry.amax <= LARGEST:
        yield f"implies weights up to {entry.amax:.3g}"
    elif entry.unusual:
        yield (
            f"implies weights up to {entry.amax:.3g}, in other layers they reach {entry.usual:.3g}"
        )


def _found(scale: Measure, message: str, severity: str | None = None) -> Found:
    where = Where(file=scale.info.shard, tensor=scale.tensor)
    return Found(where, message, "calibrate and export the module again", severity)
