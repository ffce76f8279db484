"""Every tensor held against the base it was made from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from release.architecture import Architecture, ModelConfig
from release.checkpoint import Checkpoint
from release.comparison.blocks import displaced_blocks
from release.comparison.causes import against_peers
from release.comparison.forms import OF_QUANTIZATION, PACKED, WEIGHT, Packed, forms_of
from release.comparison.names import canonical
from release.comparison.pairing import Pairing, Shape, Wanted, pair, view_shape
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.errors import CheckpointError
from release.facts.absences import Absences
from release.facts.basics import Tensors
from release.facts.foreign import another_by_shape, another_by_value, copied
from release.facts.method import Method
from release.facts.modules import Module, Modules
from release.facts.scan import Scanning
from release.quantization.schemes import Scheme
from release.unknown import Unknown

if TYPE_CHECKING:
    from release.comparison.compare import Comparer

BUFFERS = ("inv_freq", "masked_bias", "attn.bias", "position_ids", "cos_cached", "sin_cached")
WORD_BITS, SPUN = 32, "SpinQuant"


class Reshaped(msgspec.Struct, frozen=True):
    """A tensor whose counterpart has another shape."""

    tensor: str
    shape: Shape
    base_shape: Shape


class Comparison(msgspec.Struct, frozen=True):
    """What holding two checkpoints against each other showed.

    `foreign` says what the base is, where it is not this checkpoint's; the rest is then about
    strangers.
    `lost` are tensors of the base that nothing here was made from, `new` ours without a
    counterpart, `uncompared` names and why. `extra_layers` is the prefix of a layer beyond
    the last, where families keep their MTP head.
    """

    weights: tuple[Compared, ...]
    plains: tuple[Difference, ...]
    reshaped: tuple[Reshaped, ...]
    lost: tuple[str, ...]
    new: tuple[str, ...]
    uncompared: dict[str, str]
    foreign: str = ""
    extra_layers: str = ""

    def of_cause(self, *causes: Cause) -> tuple[Compared, ...]:
        """The weights that depart from the base for one of these causes."""
        return () if self.foreign else tuple(w for w in self.weights if w.cause in causes)

    def displaced(self) -> dict[str, str]:
        """Layers, experts and parts of them that hold another one's weights, all of them."""
        holds = {item.module: item.detail for item in self.of_cause(Cause.HOLDS_ANOTHER)}
        return displaced_blocks(holds, [item.module for item in self.weights])

    def faithful(self) -> frozenset[str]:
        """The quantized modules, and the other tensors, that are what the base has there."""
        if self.foreign:
            return frozenset()
        weights = (w.module for w in self.weights if w.cause is Cause.NONE)
        same = (p.tensor for p in self.plains if p.likeness.sameness is not Sameness.DIFFERENT)
        return frozenset((*weights, *same))


def provide_faithful(comparison: Comparison | Unknown) -> frozenset[str]:
    """What is known to be what the base has: no sign of a fault in its numbers can be one."""
    return comparison.faithful() if isinstance(comparison, Comparison) else frozenset()


def provide_comparison(  # noqa: PLR0913, PLR0917 - one argument for each fact it rests on
    checkpoint: Checkpoint,
    config: ModelConfig | Unknown,
    base: Checkpoint,
    base_config: ModelConfig | Unknown,
    base_tensors: Tensors,
    base_modules: Modules | Unknown,
    modules: Modules,
    method: Method,
    absences: Absences | Unknown,
    architecture: Architecture | Unknown,
    scanning: Scanning,
) -> Comparison | Unknown:
    """Pair all tensors by name and compare them, in bounded memory and on all cores.

    Unknown if a file ends before its tensors do.
    """
    from release.comparison.compare import Comparer  # noqa: PLC0415 - numpy
    from release.comparison.explain import explain, explain_differences  # noqa: PLC0415
    from release.comparison.views import Source  # noqa: PLC0415

    wanted = {tensor: need for module in modules for tensor, need in _wanted(module)}
    forms = forms_of(base_tensors, _packed(base_modules))
    shapes = {name: form.shape for name, form in forms.items()}
    pairing = pair(wanted, shapes)
    jobs = _Jobs(modules, pairing, shapes)
    sources = Source(checkpoint), Source(base, "base: ", forms)
    comparer = Comparer(
        *sources, jobs.weights, jobs.plains, moved=method.moved, threads=scanning.jobs
    )
    try:
        foreign = "" if isinstance(base_modules, Unknown) else copied(checkpoint, base)
        foreign = foreign or another_by_shape(config, base_config, pairing, wanted)
        if foreign:
            return Comparison((), (), (), (), (), {}, foreign)
        compared, differences = _held_together(comparer, method, scanning, jobs.bytes)
        differences = explain_differences(comparer, differences)
        foreign = another_by_value(comparer, compared, differences)
        if not foreign:
            compared = explain(comparer, compared)
    except CheckpointError as error:
        return Unknown(str(error))
    return Comparison(
        tuple(compared),
        tuple(differences),
        tuple(Reshaped(t, wanted[t].shape, shape) for t, shape in pairing.shapes.items()),
        _lost(pairing, absences),
        tuple(n for n in pairing.alone if not (method.rotated and _is_transform(n))),
        jobs.reasons | comparer.reasons,
        foreign,
        "" if isinstance(architecture, Unknown) else f"{architecture.stack}.{architecture.layers}.",
    )


def _held_together(
    comparer: "Comparer", method: Method, scanning: Scanning, size: int
) -> tuple[list[Compared], list[Difference]]:
    """Compare everything once, then undo what the method changed by right."""
    from release.comparison.rotation import Rotation  # noqa: PLC0415 - numpy
    from release.comparison.unfold import Unfolding  # noqa: PLC0415
    from release.comparison.views import quiet  # noqa: PLC0415

    with scanning.progress(size) as comparer.ours.advance:
        compared, differences = comparer.compare_weights(), comparer.compare_plains()
    if not method.names:
        compared = comparer.settle(compared)
    comparer.ours.advance = quiet  # what has to be read again is not known beforehand
    if method.folded:
        unfolding = Unfolding(comparer)
        compared = unfolding.weights(compared)
        differences = unfolding.differences(differences, compared)
    if method.rotated:
        rotation = Rotation(comparer, spun=SPUN in method.names)
        compared, differences = rotation.weights(compared), rotation.differences(differences)
    return compared if method.moved else against_peers(compared), differences


def _wanted(module: Module) -> Iterator[tuple[str, Wanted]]:
    """The module's tensors as the base would have them: no scales, no packing."""
    for role, info in module.tensors.items():
        if role in OF_QUANTIZATION:
            continue
        if role == PACKED or (role == WEIGHT and module.quantized):
            if module.shape is not None:
                yield module.tensor(WEIGHT), Wanted(module.shape, _slack(module))
        else:
            yield module.tensor(role), Wanted(info.shape)


def _packed(modules: Modules | Unknown) -> Iterator[Packed]:
    """The base's own weights of compressed-tensors."""
    for module in () if isinstance(modules, Unknown) else modules:
        scheme, shape = module.known_scheme, module.shape
        if scheme is not None and shape is not None and scheme.weight.role in module.tensors:
            yield Packed(module.name, shape, scheme, module.tensors)


def _slack(module: Module) -> int:
    """Columns that a row's last word may hold beyond its own."""
    if PACKED not in module.tensors or not isinstance(module.scheme, Scheme):
        return 0
    return WORD_BITS // module.scheme.weights.num_bits + 1


class _Jobs:
    """What there is to compare, by the name it has here."""

    def __init__(self, modules: Modules, pairing: Pairing, shapes: dict[str, Shape]) -> None:
        from release.comparison.compare import Plain, Weight  # noqa: PLC0415 - numpy

        self.weights: dict[str, Weight] = {}
        self.plains: dict[str, Plain] = {}
        self.reasons: dict[str, str] = {}
        self.bytes = 0
        for module in modules:
            for tensor, _need in _wanted(module):
                role = tensor.rpartition(".")[2]
                views = pairing.views.get(tensor)
                if views is None:
                    continue
                if role != WEIGHT or not module.quantized:
                    self.bytes += module.tensors[role].nbytes
                    self.plains[tensor] = Plain(tensor, module.tensors[role], views)
                elif isinstance(module.scheme, Scheme):
                    self.bytes += sum(
                        info.nbytes for r, info in module.tensors.items() if r.startswith(WEIGHT)
                    )
                    shape = view_shape(views[0], shapes)
                    self.weights[module.name] = Weight(
                        module.name, (shape[0], shape[1]), module.scheme, module.tensors, views
                    )
                elif isinstance(module.scheme, Unknown):
                    self.reasons[module.name] = module.scheme.reason
                else:
                    self.reasons[module.name] = "it is quantized, and no group claims it"


def _is_transform(tensor: str) -> bool:
    """Whether a tensor is the matrix of a rotation: `{transform}_{location}.weight`."""
    return tensor.removesuffix(".weight").endswith(("_input", "_output"))


def _lost(pairing: Pairing, absences: Absences | Unknown) -> tuple[str, ...]:
    """The base's tensors that are not here; those that config.json misses too have their rule."""
    named = set() if isinstance(absences, Unknown) else {canonical(name) for name in absences.all}
    return tuple(
        name
        for name in pairing.left
        if not name.endswith(BUFFERS) and named.isdisjoint(_above(canonical(name)))
    )


def _above(tensor: str) -> Iterator[str]:
    """The modules that a tensor is in, from the inside out."""
    while tensor:
        tensor = tensor.rpartition(".")[0]
        yield tensor
