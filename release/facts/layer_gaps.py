"""What each layer of a stack holds, told from the names alone: for architectures not known."""

from collections import Counter, defaultdict

import msgspec

from release.architecture import Architecture
from release.architecture.numbering import layer_of, pattern_of
from release.facts.modules import Modules
from release.unknown import Unknown

OTHERS_ALIKE = 2
FEW = 3


class Gap(msgspec.Struct, frozen=True):
    """A layer without some parts that `alike` other layers, equal to it otherwise, all have."""

    layer: str
    missing: tuple[str, ...]
    alike: int


def provide_layer_gaps(modules: Modules, architecture: Architecture | Unknown) -> tuple[Gap, ...]:
    """Find layers that are like no other, but for a few parts that several others have.

    None where the architecture is known: it says what a layer holds.
    """
    if not isinstance(architecture, Unknown):
        return ()
    layers: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        layer = layer_of(module.name)
        part = pattern_of(module.name.removeprefix(layer).removeprefix("."))
        if "." in layer and part:
            layers[layer].add(part)
            if "bias" in module.tensors:
                layers[layer].add(f"{part}.bias")
    return tuple(_gaps({layer: frozenset(parts) for layer, parts in layers.items()}))


def _gaps(layers: dict[str, frozenset[str]]) -> list[Gap]:
    stacks: dict[str, Counter[frozenset[str]]] = defaultdict(Counter)
    for layer, parts in layers.items():
        stacks[layer.rpartition(".")[0]][parts] += 1
    gaps = []
    for layer, parts in layers.items():
        kinds = stacks[layer.rpartition(".")[0]]
        if kinds[parts] > 1:
            continue
        fuller = [
            (len(kind - parts), -count, kind)
            for kind, count in kinds.items()
            if count >= OTHERS_ALIKE and parts < kind and len(kind - parts) <= FEW
        ]
        if fuller:
            _, count, kind = min(fuller, key=lambda item: item[:2])
            gaps.append(Gap(layer, tuple(sorted(kind - parts)), -count))
    return gaps
