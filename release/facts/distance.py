"""How far the weights are from the base's, in numbers for the card and the report."""

import math
from statistics import median_high

import msgspec

from release.checkpoint import Checkpoint
from release.comparison.results import Compared
from release.facts.comparison import Comparison
from release.facts.components import component_of
from release.facts.method import Method

WORST = 10


class SchemeError(msgspec.Struct, frozen=True):
    """The weights of one scheme. SQNR in dB, None without any error; errors are max|w-d|/max|w|.

    `exact` is the share of codes that are the base's, divided by their scales and rounded.
    """

    scheme: str
    modules: int
    lowest_sqnr: float | None
    median_sqnr: float | None
    lowest_cosine: float
    largest_error: float
    lowest_exact: float


class ComponentError(msgspec.Struct, frozen=True):
    """The quantized weights of one component, in the same units."""

    component: str
    modules: int
    lowest_sqnr: float | None
    median_sqnr: float | None


class ModuleError(msgspec.Struct, frozen=True):
    """One weight, in the same units. `base` is what it was held against, after undoing `undone`."""

    module: str
    base: str
    scheme: str
    sqnr: float | None
    cosine: float
    error: float
    undone: str


class Distance(msgspec.Struct, frozen=True):
    """The comparison with the base called `name`.

    `schemes` and `components` sum the same weights up in two ways. `unquantized` counts tensors by
    how they relate to the base's, `worst` are the ten weights that lie furthest under the median
    SQNR of their scheme.
    """

    name: str
    methods: tuple[str, ...]
    schemes: tuple[SchemeError, ...]
    components: tuple[ComponentError, ...]
    worst: tuple[ModuleError, ...]
    unquantized: dict[str, int]
    uncompared: int


def provide_distance(base: Checkpoint, comparison: Comparison, method: Method) -> Distance:
    """Summarise the comparison."""
    by_scheme: dict[str, list[Compared]] = {}
    by_component: dict[str, list[Compared]] = {}
    for item in comparison.weights:
        by_scheme.setdefault(item.scheme, []).append(item)
        by_component.setdefault(component_of(item.module), []).append(item)
    schemes = [_summary(scheme, items) for scheme, items in by_scheme.items()]
    medians = {scheme: _median(items) for scheme, items in by_scheme.items()}
    worst = sorted(
        (item for item in comparison.weights if math.isfinite(item.measure.sqnr)),
        key=lambda item: item.measure.sqnr - medians[item.scheme],
    )
    unquantized: dict[str, int] = {}
    for plain in comparison.plains:
        word = str(plain.likeness.sameness)
        unquantized[word] = unquantized.get(word, 0) + 1
    return Distance(
        name=base.name,
        methods=method.names,
        schemes=tuple(schemes),
        components=tuple(_component(name, items) for name, items in by_component.items()),
        worst=tuple(_module(item) for item in worst[:WORST]),
        unquantized=unquantized,
        uncompared=len(comparison.uncompared),
    )


def _summary(scheme: str, items: list[Compared]) -> SchemeError:
    measures = [item.measure for item in items]
    return SchemeError(
        scheme=scheme,
        modules=len(items),
        lowest_sqnr=_finite(min(m.sqnr for m in measures)),
        median_sqnr=_finite(_median(items)),
        lowest_cosine=min(m.cosine for m in measures),
        largest_error=max(m.error for m in measures),
        lowest_exact=min(m.exact for m in measures),
    )


def _component(name: str, items: list[Compared]) -> ComponentError:
    lowest = min(item.measure.sqnr for item in items)
    return ComponentError(name, len(items), _finite(lowest), _finite(_median(items)))


def _module(item: Compared) -> ModuleError:
    measure = item.measure
    return ModuleError(
        item.module,
        item.base,
        item.scheme,
        _finite(measure.sqnr),
        measure.cosine,
        measure.error,
        item.undone,
    )


def _median(items: list[Compared]) -> float:
    return median_high(item.measure.sqnr for item in items)


def _finite(sqnr: float) -> float | None:
    return sqnr if math.isfinite(sqnr) else None
