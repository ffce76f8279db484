"""Codes or exponents are not spread as quantized weights are.

What it checks: a sample of the codes of every quantized weight, 1,024 or more: FP4 with one code
    over 60 % or fewer than 10 codes used, FP8 with fewer than 40, INT8 with fewer than 32, INT4
    with fewer than 6 (as if quantized twice). All codes: integers outside of their bits, bits set
    behind the last packed code. Scales: E8M0 exponents over 190, or over 2 % of them under 60 (dead
    channels have some), zero points all alike or at the ends. With --base, how weights that are the
    base's all the same are spread is no finding.
Why it matters: the codes were packed in another way than they will be unpacked, or had been rounded
    to a coarser format before.
How to fix: export the module again from the original weights.
Seen in: tests only; no public case is known.
"""

from collections.abc import Iterator

from release.facts.crowded import exceeds
from release.facts.measures import WEIGHT_SCALES, ZERO_POINT, Measure, Measures
from release.quantization.arguments import Args
from release.rules import Findings, Found, Where, rule
from release.scan.layout import EXPONENTS
from release.scan.values import Codes

BEYOND = "holds codes up to"
FEWEST = 1024
FEWEST_ZERO_POINTS = 64
FP4_SHARE = 0.60
LEAST = {("float", 4): 10, ("float", 8): 40, ("int", 4): 6, ("int", 8): 32}
"""Codes in use, by type and bits. MXFP4 that became INT4 has 11."""
LARGEST_EXPONENT = 2.0 ** (190 - 127)
DEAD = 0.02
ENDS = 0.99


@rule(since="0.1.0", severity="warning", echoes=("B",))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report codes, exponents and zero points that no quantizer leaves."""
    odd = [
        measure
        for measure in (*measures.weights, *measures.scales, *measures.zero_points)
        if measure.compared not in faithful
    ]
    found = [
        *((weight, text) for weight in measures.weights for text in _stray_bits(weight)),
        *((measure, text) for measure in odd for text in _spread(measure)),
    ]
    for measure, text in found:
        where = Where(file=measure.info.shard, tensor=measure.tensor)
        severity = "error" if text.startswith(BEYOND) else None  # engines keep the lower bits only
        yield Found(where, text, "export the module again from the original weights", severity)


def _stray_bits(weight: Measure) -> Iterator[str]:
    values, scheme = weight.values, weight.scheme
    if values.padding:
        rows = f"{values.padding.count:,} rows, the first is row {values.padding.first or 0:,}"
        yield f"bits are set behind the last code of {rows}"
    if scheme is not None and exceeds(weight):
        limit = 1 << (scheme.weights.num_bits - 1)
        yield f"{BEYOND} {values.top:g}, {scheme.weights.num_bits} bits reach {limit}"


def _spread(measure: Measure) -> Iterator[str]:
    if measure.role == ZERO_POINT:
        yield from _zero_points(measure)
    elif measure.role in WEIGHT_SCALES:
        yield from _exponents(measure)
    elif measure.scheme is not None and not exceeds(measure):
        codes, plain = measure.values.codes, not (measure.values.zero or measure.values.constant)
        text = _distribution(measure.scheme.weights, codes) if plain and codes else ""
        if text:
            yield text


def _distribution(args: Args, codes: Codes) -> str:
    if codes.sampled < FEWEST:
        return ""
    if (args.type, args.num_bits) == ("float", 4) and codes.common > FP4_SHARE:
        return f"one code is {codes.common:.0%} of all"
    least = LEAST.get((args.type, args.num_bits), 0)
    if codes.negative in {0, 1}:
        least //= 2  # V117 says where the others are
    return f"only {codes.distinct} different codes occur" if codes.distinct < least else ""


def _exponents(scale: Measure) -> Iterator[str]:
    scales = scale.values.scales
    if scales is None or scale.info.dtype not in EXPONENTS or scale.values.bad:
        return
    if scales.tiny.count > DEAD * scale.values.words:
        yield f"exponents under 60: {scale.count(scales.tiny)}"
    if scale.values.top > LARGEST_EXPONENT:
        yield f"the largest scale is {scale.values.top:.3g}, more than weights have"


def _zero_points(points: Measure) -> Iterator[str]:
    codes, scheme = points.values.codes, points.scheme
    if codes is None or scheme is None or scheme.weights.symmetric:
        return
    if codes.sampled < FEWEST_ZERO_POINTS:
        return
    if codes.distinct == 1:
        yield f"all of {codes.sampled:,} zero points are the same"
    elif codes.ends > ENDS:
        yield f"{codes.ends:.0%} of the zero points are at the ends of their range"
