"""NVFP4's global scale cannot be what it is used as: a divisor.

What it checks: `weight_global_scale` is finite, above zero, and not under 1: compressed-tensors
    stores 448 x 6 / amax, which for weights is 100 to 1,000,000. An `input_global_scale` under
    0.001 is inverted too, and under 0.01 where the norm before it cannot give as much, or where
    most of the checkpoint's are: a squared ReLU gives 300,000. As a warning: a module's largest
    weight, 6 x block scale / global scale, is over 256 times off the median of its role over all
    layers. With --base, what is finite and above zero is no finding where the weights are the
    base's.
Why it matters: inverted, as other tools store it, every weight is wrong by a factor of 10^8 or so.
How to fix: store the inverse, or export the module again.
Seen in: intel-neural-compressor #1433; ModelOpt's weight_scale_2 is amax / 2688.
"""

import math

from release.facts.magnitudes import Magnitude
from release.facts.measures import Measure, Measures, scalar
from release.facts.unreachable import Unreachable
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

INVERTED, SURELY_INVERTED_INPUT, INVERTED_INPUT = 1.0, 0.001, 0.01


@rule(since="0.1.0")
def check(
    measures: Measures,
    magnitudes: tuple[Magnitude, ...],
    unreachable: tuple[Unreachable, ...] | Unknown,
    faithful: frozenset[str],
) -> Findings:
    """Report global scales that are no divisors, then those that are far from their role's."""
    for scale in measures.global_scales:
        value = scalar(scale)
        if not math.isfinite(value) or value <= 0:
            yield _found(scale, f"is {value:g}", "calibrate and export the module again")
        elif value < INVERTED and scale.module.name not in faithful:
            yield _inverted(scale, value)
    beyond = () if isinstance(unreachable, Unknown) else unreachable
    for scale in _inverted_inputs(measures, beyond):
        yield _inverted(scale, scalar(scale))
    for entry in magnitudes:
        divisor = entry.global_scale
        if divisor is None or divisor.module.name in faithful:
            continue
        if scalar(divisor) > INVERTED and entry.unusual:
            yield Found(
                Where(file=divisor.info.shard, tensor=divisor.tensor),
                f"implies weights up to {entry.amax:.3g}, in other layers they reach "
                f"{entry.usual:.3g}",
                "calibrate and export the module again",
                "warning",
            )


def _inverted_inputs(measures: Measures, unreachable: tuple[Unreachable, ...]) -> list[Measure]:
    """Scales of inputs that are inverted, and not only of very large inputs."""
    scales = [m for m in measures.activation_scales if m.role == "input_global_scale"]
    small = [scale for scale in scales if 0 < scalar(scale) < INVERTED_INPUT]
    impossible = {entry.scale.tensor for entry in unreachable}
    return [
        scale
        for scale in small
        if scalar(scale) < SURELY_INVERTED_INPUT
        or scale.tensor in impossible
        or len(small) > len(scales) / 2
    ]


def _inverted(scale: Measure, value: float) -> Found:
    return _found(
        scale,
        f"is {value:.4g}, as if inverted",
        f"store {1 / value:.6g} if it is, else export again",
    )


def _found(scale: Measure, message: str, fix: str) -> Found:
    return Found(Where(file=scale.info.shard, tensor=scale.tensor), message, fix)
