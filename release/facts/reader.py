"""What vLLM will do with the declaration: the config group of every layer that it builds."""

from collections.abc import Mapping

import msgspec

from release.architecture import Architecture
from release.architecture.layers import HEAD, LINEARS, ROUTED, TABLE, Layer, served_layers
from release.architecture.served import Served
from release.facts.modules import Modules
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN
from release.quantization.reader import (
    EMBEDDING_CLASS,
    HEAD_CLASS,
    LINEAR_CLASS,
    Choice,
    Reader,
)
from release.unknown import Unknown

CLASSES = {LINEARS: LINEAR_CLASS, HEAD: HEAD_CLASS, TABLE: EMBEDDING_CLASS}


class Built(msgspec.Struct, frozen=True):
    """A layer as vLLM builds it: which of its modules are stored, and its group."""

    layer: Layer
    choice: Choice


class ReadersView(msgspec.Struct, frozen=True):
    """Every layer that vLLM builds; by name of module too.

    `targets` and `ignores` are the entries of the declaration that decide somewhere, as written.
    """

    layers: tuple[Built, ...]
    targets: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()

    def of_modules(self) -> Mapping[str, Built]:
        """The layer that each stored module goes into."""
        return {name: built for built in self.layers for name in built.layer.modules}


def provide_reader(
    architecture: Architecture, modules: Modules, quantization: QuantizationConfig
) -> ReadersView | Unknown:
    """Resolve every layer as vLLM 0.32 does."""
    served = architecture.served
    if served is None:
        return Unknown(f"vLLM runs {architecture.family} by a backend whose names we do not know")
    reader = read_declaration(quantization, architecture, served, modules.pattern_problems)
    found = []
    for layer in served_layers(architecture, served):
        stored = tuple(name for name in layer.modules if name in modules.items)
        if stored:
            kept = msgspec.structs.replace(layer, modules=stored)
            found.append(Built(kept, choose(reader, layer, served)))
    targets = {built.choice.target for built in found}
    ignores = {built.choice.ignored_by for built in found}
    return ReadersView(
        tuple(found),
        frozenset(t for g in quantization.groups for t in g.targets if served.entry(t) in targets),
        frozenset(entry for entry in quantization.ignore if served.entry(entry) in ignores),
    )


def read_declaration(
    quantization: QuantizationConfig,
    architecture: Architecture,
    served: Served,
    broken: Mapping[str, str],
) -> Reader:
    """Make vLLM's reader of a declaration: entries renamed, unusable patterns left out."""
    groups = [
        msgspec.structs.replace(group, targets=tuple(map(served.entry, group.targets)))
        for group in quantization.groups
    ]
    ignore = [served.entry(entry) for entry in quantization.ignore]
    patterns = {entry for entry in broken if entry.startswith(PATTERN)}
    known = {
        name: parts for name, parts in architecture.fused.items() if name not in served.unmapped
    }
    return Reader(groups, ignore, known, patterns)


def choose(reader: Reader, layer: Layer, served: Served) -> Choice:
    """Decide on one layer by its kind."""
    if served.builds_plain(layer.name):
        return Choice()
    if layer.kind == ROUTED:
        return reader.choose_experts(layer.name, served.experts)
    choice = reader.choose(layer.name, CLASSES[layer.kind])
    # The head's own builder takes that error for "not quantized".
    return Choice() if layer.kind == HEAD and choice.refused else choice
