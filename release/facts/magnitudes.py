"""How large the quantized weights are, as their scales imply it, and others of the same role."""

from collections import defaultdict
from statistics import median

import msgspec

from release.architecture.numbering import pattern_of
from release.facts.measures import Measure, Measures, amax, by_module, scalar

UNUSUAL = 256
FEWEST = 4
"""Layers; of fewer, none can be told to be the odd one."""


class Magnitude(msgspec.Struct, frozen=True):
    """A quantized weight with its scales. `usual` is the median `amax` of its role, over layers.

    None where there are too few of it, or where a scale is no number.
    """

    weight: Measure
    scale: Measure
    global_scale: Measure | None
    amax: float
    usual: float | None = None

    @property
    def unusual(self) -> bool:
        """Whether it is over 256 times off the usual one. An expert may be as small as it likes."""
        factor = self.amax / self.usual if self.usual else 1.0
        return factor > UNUSUAL or (factor < 1 / UNUSUAL and not self.weight.expert)


def provide_magnitudes(measures: Measures) -> tuple[Magnitude, ...]:
    """Measure every quantized weight that is not all zeros and whose scales are numbers."""
    scales, global_scales = by_module(measures.scales), by_module(measures.global_scales)
    found = []
    roles: dict[str, list[float]] = defaultdict(list)
    for weight in measures.weights:
        scale, divisor = scales.get(weight.module.name), global_scales.get(weight.module.name)
        if scale is None or weight.values.zero:
            continue
        value = amax(weight, scale, scalar(divisor) if divisor else 1.0)
        if value is not None and 0 < value < float("inf"):
            found.append(Magnitude(weight, scale, divisor, value))
            roles[pattern_of(weight.module.name)].append(value)
    usual = {role: median(values) for role, values in roles.items() if len(values) >= FEWEST}
    return tuple(
        msgspec.structs.replace(entry, usual=usual.get(pattern_of(entry.weight.module.name)))
        for entry in found
    )
