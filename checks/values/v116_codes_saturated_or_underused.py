"""Quantized codes do not fit their scale.

What it checks: a sample of the codes of every quantized weight (16 slices of 4 KiB; of channels
    every row). The share at the ends of the range: over 6 % or four in each unit of a scale for FP8
    and INT8 (weights of a uniform distribution, as Mamba's start, have 4 % in FP8), 30 % for NVFP4,
    15 % for MXFP4, 20 % for other integers, half for those of 2 bits, a third of which are ends
    where weights are uniform. And whether in more than a tenth of the units (rows, groups, blocks,
    tensors) no code reaches half of the range, or, but for FP8, in none of 64 or more an end of it.
    With --base, weights that are the base's all the same are no finding.
Why it matters: the scale is off by a factor of two or more: weights are cut off, or their precision
    is thrown away. Dequantized, all still look like weights.
How to fix: quantize again; look for scales that were rescaled after the weights were rounded.
Seen in: tests only; no public case is known.
"""

from release.facts.measures import Measure, Measures
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule
from release.scan.values import Codes

WEAK_SHARE = 0.1
SATURATED = {"NVFP4": 0.30, "MXFP4": 0.15}
SATURATED_INTEGERS, SATURATED_BYTES, SATURATED_PAIRS, PER_UNIT = 0.20, 0.06, 0.50, 4
PAIR, BYTE = 2, 8
MANY_UNITS = 64
FEWEST = 1024
"""Sampled codes; a share of fewer says little."""


@rule(since="0.1.0", severity="warning", echoes=("B", "T105", "V118"))
def check(measures: Measures, faithful: frozenset[str]) -> Findings:
    """Report codes that crowd at the ends of their range, or stay away from them."""
    for weight in measures.weights:
        scheme, codes = weight.scheme, weight.values.codes
        if scheme is None or codes is None or weight.values.zero or weight.values.constant:
            continue
        if weight.module.name in faithful:
            continue
        text = _saturated(weight, scheme, codes) or _underused(codes) or _ends_lost(scheme, codes)
        if text:
            yield Found(
                where=Where(file=weight.info.shard, tensor=weight.tensor),
                message=text,
                fix="quantize the module again; the scale does not fit the codes",
            )


def _saturated(weight: Measure, scheme: Scheme, codes: Codes) -> str:
    limit = SATURATED.get(scheme.name.removesuffix("A16"), SATURATED_INTEGERS)
    if scheme.weights.num_bits == PAIR:
        limit = SATURATED_PAIRS
    if scheme.weights.num_bits == BYTE:
        limit = max(SATURATED_BYTES, PER_UNIT / _unit(weight, scheme))
    if codes.sampled < FEWEST or codes.ends <= limit:
        return ""
    return f"{codes.ends:.1%} of the codes are at the ends of the range, {limit:.1%} is the most"


def _unit(weight: Measure, scheme: Scheme) -> int:
    """How many weights share a scale: a group, or at least a row."""
    columns = weight.module.shape[1] if weight.module.shape else 1
    size = scheme.weights.group_size or 0
    return max(1, size if size > 0 else columns)


def _underused(codes: Codes) -> str:
    if codes.weak <= WEAK_SHARE * codes.units:
        return ""
    if codes.units == 1:
        return "no code reaches half of the range"
    return (
        f"in {codes.weak:,} of {codes.units:,} units of a scale no code reaches half of the range"
    )


def _ends_lost(scheme: Scheme, codes: Codes) -> str:
    """Scales are made of the largest weights, which so become the ends of the range.

    FP8 scales that are powers of two leave them where they are.
    """
    wide = scheme.weights.type == "float" and scheme.weights.num_bits == BYTE
    if wide or codes.ends or codes.units < MANY_UNITS or codes.sampled < FEWEST:
        return ""
    return f"no code is at an end of the range in any of {codes.units:,} units of a scale"
