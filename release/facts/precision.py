"""Which modules really are in which precision: the declaration as it resolved."""

from collections import Counter, defaultdict

import msgspec

from release.architecture.numbering import pattern_of
from release.facts.components import AUDIO, MTP, NORMS, PROJECTOR, VISION
from release.facts.modules import Module, Modules
from release.quantization.config import QuantizationConfig
from release.quantization.schemes import Scheme

COLLAPSED = {MTP, VISION, AUDIO, PROJECTOR, NORMS}


class Precision(msgspec.Struct, frozen=True):
    """One row of the precision table: a scheme (or a plain dtype) and the modules that have it.

    `layers` maps a module's name with its numbers replaced by `*`, or for towers and norms the
    name of the component, to how many such modules.
    """

    scheme: str
    group: str | None
    format: str | None
    detail: str
    modules: int
    layers: dict[str, int]


def provide_precision(modules: Modules, quantization: QuantizationConfig) -> tuple[Precision, ...]:
    """Group weight-bearing modules by the scheme their tensors are stored in."""
    names: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    schemes: dict[tuple[str, str | None], Scheme | None] = {}
    for module in modules:
        if module.shape is None and "weight" not in module.tensors:
            continue
        key, scheme = _key(module)
        schemes[key] = scheme
        whole = module.component in COLLAPSED
        names[key][module.component if whole else pattern_of(module.name)] += 1
    order = {group.name: position for position, group in enumerate(quantization.groups)}
    rows = sorted(
        names.items(), key=lambda item: (order.get(item[0][1] or "", len(order)), item[0][0])
    )
    return tuple(
        Precision(
            scheme=name,
            group=group,
            format=scheme.format if scheme else None,
            detail=describe(scheme) if scheme else "not quantized",
            modules=layers.total(),
            layers=dict(layers.most_common()),
        )
        for (name, group), layers in rows
        for scheme in [schemes[name, group]]
    )


def _key(module: Module) -> tuple[tuple[str, str | None], Scheme | None]:
    scheme = module.known_scheme
    if scheme is not None:
        return (scheme.name, module.claim.group), scheme
    weight = module.tensors.get("weight") or next(iter(module.tensors.values()))
    return (weight.dtype, None), None


def describe(scheme: Scheme) -> str:
    """Say a scheme's arguments in words: weights, then activations."""
    weights, inputs = scheme.weights, scheme.inputs
    kind = "FP" if weights.type == "float" else "INT"
    symmetric = "" if weights.symmetric else ", asymmetric"
    text = (
        f"{kind}{weights.num_bits} weights per {_granularity(weights.strategy, weights.group_size)}"
    )
    if inputs is None:
        return f"{text}{symmetric}; activations not quantized"
    input_kind = "FP" if inputs.type == "float" else "INT"
    when = {True: "dynamic", False: "static", "local": "local dynamic"}[inputs.dynamic]
    where = _granularity(inputs.strategy, inputs.group_size)
    return f"{text}{symmetric}; {input_kind}{inputs.num_bits} activations, {when} per {where}"


def _granularity(strategy: str, size: int | None) -> str:
    if strategy in {"group", "tensor_group"}:
        return f"group of {size}"
    return strategy
