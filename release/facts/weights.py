"""Bytes by component and scheme; parameters, true and as the Hub's page will count them."""

from collections import Counter, defaultdict

import msgspec

from release.checkpoint import Checkpoint, TensorInfo
from release.facts.basics import Tensors
from release.facts.components import SCALES
from release.facts.hub_count import count_as_hub, stated_parameters
from release.facts.modules import Module, Modules
from release.quantization.config import QuantizationConfig
from release.quantization.schemes import CACHE_SCALES, COMPANIONS

STORED_WEIGHT = "weight_packed"
SCALE_ROLES = (COMPANIONS | CACHE_SCALES) - {STORED_WEIGHT}


class Component(msgspec.Struct, frozen=True):
    """A part of the model: its bytes, by stored dtype and by scheme. Both sum to `bytes`."""

    name: str
    bytes: int
    dtypes: dict[str, int]
    schemes: dict[str, int]


class SchemeShare(msgspec.Struct, frozen=True):
    """What one scheme holds: logical parameters, modules, and bytes with its scales."""

    name: str
    modules: int
    parameters: int
    bytes: int


class Weights(msgspec.Struct, frozen=True):
    """All loaded tensors, added up. The components' bytes sum to `total_bytes`.

    `parameters` are logical ones (a packed byte of NVFP4 holds two), without scales;
    `stored_elements` counts array elements as stored. `hub_counted` is what the Hub counts of the
    tensors, `hub_stated` what the file itself says, `hub_parameters` the one that it will show.
    """

    total_bytes: int
    parameters: int
    stored_elements: int
    hub_parameters: int
    hub_counted: int
    hub_stated: int | None
    components: tuple[Component, ...]
    schemes: tuple[SchemeShare, ...]


def provide_weights(
    checkpoint: Checkpoint, tensors: Tensors, modules: Modules, quantization: QuantizationConfig
) -> Weights:
    """Add up every loaded tensor exactly once."""
    counted, stated = count_as_hub(tensors, quantization), stated_parameters(checkpoint)
    dtypes: dict[str, Counter[str]] = defaultdict(Counter)
    schemes: dict[str, Counter[str]] = defaultdict(Counter)
    parameters: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    for module in modules:
        scheme = module.known_scheme
        names = set()
        for role, info in module.tensors.items():
            part = SCALES if role in SCALE_ROLES else module.component
            name = scheme.name if scheme else info.dtype
            dtypes[part][info.dtype] += info.nbytes
            schemes[part][name] += info.nbytes
            parameters[name] += logical_parameters(module, role, info)
            names.add(name)
        holders.update(names)
    components = [
        Component(name, count.total(), dict(count.most_common()), dict(schemes[name].most_common()))
        for name, count in dtypes.items()
    ]
    sizes = sum(schemes.values(), Counter[str]())
    shares = [SchemeShare(name, holders[name], parameters[name], sizes[name]) for name in holders]
    return Weights(
        total_bytes=sizes.total(),
        parameters=parameters.total(),
        stored_elements=sum(info.elements for info in tensors.values()),
        hub_parameters=counted if stated is None else min(counted, stated),
        hub_counted=counted,
        hub_stated=stated,
        components=tuple(sorted(components, key=lambda part: -part.bytes)),
        schemes=tuple(sorted(shares, key=lambda share: -share.bytes)),
    )


def logical_parameters(module: Module, role: str, info: TensorInfo) -> int:
    """Logical parameters of a tensor of a module: a packed byte of NVFP4 holds two, scales none."""
    if role in SCALE_ROLES:
        return 0
    if role == STORED_WEIGHT:
        return module.shape[0] * module.shape[1] if module.shape else 0
    return info.elements
