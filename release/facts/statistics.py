"""What the values of each component are, in a few numbers: for the report and the card."""

from collections import defaultdict

import msgspec

from release.facts.components import SCALES
from release.facts.magnitudes import Magnitude
from release.facts.measures import Measure, Measures


class ComponentValues(msgspec.Struct, frozen=True):
    """One component: how many tensors hold its weights, and what is in them.

    `amax` is the largest magnitude, of quantized weights as their scales imply it; `tensor` holds
    it. `not_finite` counts NaN and Inf, `zero_rows` rows of zeros among the `rows` looked at.
    """

    component: str
    tensors: int
    amax: float | None
    tensor: str | None
    not_finite: int
    rows: int
    zero_rows: int


class ValueStatistics(msgspec.Struct, frozen=True):
    """All loaded tensors: how many were read, and the components', in the order of the files."""

    tensors: int
    components: tuple[ComponentValues, ...]


def provide_statistics(measures: Measures, magnitudes: tuple[Magnitude, ...]) -> ValueStatistics:
    """Summarise the weights of every component, and all scales as one."""
    largest = {entry.weight.tensor: entry.amax for entry in magnitudes}
    groups: dict[str, list[Measure]] = defaultdict(list)
    for measure in (*measures.weights, *measures.others):
        groups[measure.module.component].append(measure)
    groups[SCALES] = [*measures.scales, *measures.global_scales, *measures.activation_scales]
    groups[SCALES] += measures.cache_scales
    return ValueStatistics(
        tensors=sum(len(group) for group in groups.values()) + len(measures.zero_points),
        components=tuple(_summarise(n, group, largest) for n, group in groups.items() if group),
    )


def _summarise(name: str, group: list[Measure], largest: dict[str, float]) -> ComponentValues:
    known = {measure.tensor: amax for measure in group if (amax := _amax(measure, largest))}
    top = max(known, key=lambda tensor: known[tensor], default=None)
    return ComponentValues(
        component=name,
        tensors=len(group),
        amax=known[top] if top else None,
        tensor=top,
        not_finite=sum(measure.values.bad.count for measure in group),
        rows=sum(measure.values.rows for measure in group),
        zero_rows=sum(measure.values.zero_rows.count for measure in group),
    )


def _amax(measure: Measure, largest: dict[str, float]) -> float | None:
    """None where codes have no scale to give them a size."""
    if measure.values.codes:
        return largest.get(measure.tensor)
    return measure.values.top
