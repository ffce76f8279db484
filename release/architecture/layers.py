"""The layers that vLLM builds from a model's modules: projections fused, experts in one."""

from collections.abc import Iterator

import msgspec

from release.architecture.family import Architecture
from release.architecture.numbering import EXPERTS
from release.architecture.served import Served
from release.architecture.skeleton import EMBEDDING, LINEAR

ROUTERS = {"gate", "router"}
LINEARS, HEAD, TABLE, ROUTED = "linear", "head", "embedding", "experts"


class Layer(msgspec.Struct, frozen=True):
    """One layer of vLLM: its name there, its kind, and the modules on disk that it is made of."""

    name: str
    kind: str
    modules: tuple[str, ...]


def served_layers(architecture: Architecture, served: Served) -> Iterator[Layer]:
    """Give every layer that can be quantized, in the order of the modules."""
    names = [
        name
        for name, expected in architecture.modules.items()
        if expected.kind in {LINEAR, EMBEDDING}
        and (not expected.float_only or (served.router and name.rpartition(".")[2] in ROUTERS))
    ]
    known = set(names)
    experts: dict[str, list[str]] = {}
    seen: set[str] = set()
    for name in names:
        block, found, _ = name.partition(EXPERTS)
        if found:
            experts.setdefault(f"{block}{EXPERTS[:-1]}", []).append(name)
            continue
        layer, modules = _fused(name, known, architecture)
        if layer in seen:
            continue
        seen.add(layer)
        kind = TABLE if architecture.modules[name].kind == EMBEDDING else LINEARS
        kind = HEAD if name.rpartition(".")[2] == "lm_head" else kind
        yield Layer(served.module(layer), kind, modules)
    for name in architecture.modules:
        block, found, _ = f"{name}.".partition(EXPERTS)
        if found and name not in known:  # all experts in 3-D tensors
            experts.setdefault(f"{block}{EXPERTS[:-1]}", []).append(name)
    for block, projections in experts.items():
        yield Layer(served.module(block), ROUTED, tuple(projections))


def _fused(name: str, known: set[str], architecture: Architecture) -> tuple[str, tuple[str, ...]]:
    """The layer that a module goes into, and all modules of it that are there."""
    parent, _, last = name.rpartition(".")
    for fused, shards in architecture.fused.items():
        if last in shards:
            parts = tuple(p for shard in shards if (p := f"{parent}.{shard}") in known)
            if len(parts) > 1 or len(shards) == 1:
                return f"{parent}.{fused}", parts
    return name, (name,)
