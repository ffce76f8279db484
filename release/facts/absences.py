"""Modules that the config implies and the tensors lack: each has one owner, so one rule says it."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from release.architecture import Architecture
from release.architecture.numbering import EXPERTS
from release.facts.components import AUDIO, PROJECTOR, VISION, component_of
from release.facts.modules import Module, Modules

TOWERS = {VISION, AUDIO, PROJECTOR}
MIXERS = ("self_attn", "linear_attn", "mamba", "attention", "mixer", "conv")
LONGEST_ID = 10

_ELSEWHERE, _LAYERS, _MIXERS, _EXPERTS = "elsewhere", "layers", "mixers", "experts"
_HEAD, _VISION, _INCOMPLETE = "head", "vision", "incomplete"


class Absences(msgspec.Struct, frozen=True):
    """Names of expected modules that are not stored, by the rule that owns them.

    `elsewhere` (C103): stored, but under `stack`, another prefix than the config's class has, or
    where `stack` is None under two prefixes.
    `layers` (C104): in a layer of which nothing is stored. `mixers` (C105): the attention of a
    layer that has another kind of it. `experts` (C108): whole experts, or the MLP of a layer that
    is dense where it should be sparse, or the reverse. `head` (C109; `head_instead` is a module
    that config.json does not imply and that has its shape), `mtp` (C110: the prefix),
    `vision` (C111: a whole tower or block, projectors and audio towers too).
    `incomplete` (T117) is everything else: parts missing from something that is there.
    """

    elsewhere: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    mixers: tuple[str, ...] = ()
    experts: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    mtp: tuple[str, ...] = ()
    vision: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    stack: str | None = None
    head_instead: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every missing module, whoever owns it."""
        return (
            *self.elsewhere,
            *self.layers,
            *self.mixers,
            *self.experts,
            *self.head,
            *self.mtp,
            *self.vision,
            *self.incomplete,
        )


def provide_absences(architecture: Architecture, modules: Modules, wrapper: str | None) -> Absences:
    """Give every missing module its owner; a wrapper's names stand for what is missing (F122)."""
    if wrapper is not None:
        return Absences()
    missing = [
        name
        for name in architecture.modules
        if name not in modules.items and not architecture.optional(name)
    ]
    mtp = _missing_mtp(architecture, modules)
    if not missing:
        return Absences(mtp=mtp)
    stored = _Stored(architecture, modules)
    owners: dict[str, list[str]] = defaultdict(list)
    for name in missing:
        owner = stored.owner(name)
        if owner:
            owners[owner].append(name)
    grouped = {owner: tuple(names) for owner, names in owners.items()}
    heads = [architecture.modules[name].tensors["weight"] for name in owners[_HEAD]]
    instead = next((m.name for m in modules if m.expected is None and m.shape in heads), None)
    return Absences(**grouped, mtp=mtp, stack=stored.other_stack, head_instead=instead)


def expert_ids(names: Iterable[str]) -> dict[str, set[str]]:
    """Collect the ids of the experts that module names speak of, by their block."""
    found: dict[str, set[str]] = {}
    for name in names:
        block, separator, rest = name.partition(EXPERTS)
        if separator:
            expert = rest.partition(".")[0]
            if expert.isdecimal() and len(expert) < LONGEST_ID:
                found.setdefault(block, set()).add(expert)
    return found


def _missing_mtp(architecture: Architecture, modules: Modules) -> tuple[str, ...]:
    if architecture.mtp is None or architecture.mtp_layers == 0:
        return ()
    found = any(name.startswith(architecture.mtp) for name in modules.items)
    return () if found else (architecture.mtp.rstrip("."),)


class _Stored:
    """What is stored, as the set of every module's name and all the names above it."""

    def __init__(self, architecture: Architecture, modules: Modules) -> None:
        self.modules = modules.items
        self.names = _with_parents(modules)
        self.stack = architecture.stack
        self.sparse = {
            name.partition(EXPERTS)[0]
            for name in architecture.modules
            if EXPERTS in name or name.endswith(EXPERTS[:-1])
        }
        self.stacks = _stacks(self.names)
        self.towers = {_in_tower(m.name) for m in modules if m.component in TOWERS}
        shortest = min(self.stacks, key=lambda name: (len(name), name), default=None)
        self.other_stack = None if self.stack in self.names else shortest

    def owner(self, name: str) -> str | None:
        """The owner of a missing module; None where it is stored in another form."""
        if _is_fused_expert(name, self.modules):
            return None
        if component_of(name) in TOWERS:
            moved = self.other_stack is not None and _in_tower(name) in self.towers
            return _ELSEWHERE if moved else self._tower_owner(name)
        if name.rpartition(".")[2] == "lm_head":
            return _HEAD
        here = self._moved(name)
        if here != name and (here in self.modules or _is_fused_expert(here, self.modules)):
            return _ELSEWHERE
        stack = self.other_stack or self.stack
        return self._layer_owner(name, here, stack) if here.startswith(f"{stack}.") else _INCOMPLETE

    def _moved(self, name: str) -> str:
        base = self.stack.removesuffix("layers")
        if self.other_stack is None or not name.startswith(base):
            return name
        return self.other_stack.removesuffix("layers") + name.removeprefix(base)

    def _layer_owner(self, name: str, here: str, stack: str) -> str:
        parts = here.removeprefix(f"{stack}.").split(".")
        layer = f"{stack}.{parts[0]}"
        if layer not in self.names:
            places = (f"{other}.{parts[0]}" for other in self.stacks - {stack})
            return _LAYERS if self.names.isdisjoint(places) else _ELSEWHERE
        block = ".".join([layer, *parts[1:2]])
        if parts[1] in MIXERS and block not in self.names:
            others = any(f"{layer}.{mixer}" in self.names for mixer in MIXERS)
            return _MIXERS if others else _INCOMPLETE
        expected_block = ".".join(name.split(".")[: self.stack.count(".") + 3])
        sparse = expected_block in self.sparse
        if parts[1] not in MIXERS and sparse != (f"{block}.experts" in self.names):
            return _EXPERTS if block in self.names else _INCOMPLETE
        if "experts" in parts[:-1]:
            expert = ".".join([layer, *parts[1 : parts.index("experts") + 2]])
            return _INCOMPLETE if expert in self.names else _EXPERTS
        return _INCOMPLETE

    def _tower_owner(self, name: str) -> str:
        parts = name.split(".")
        root = _tower_root(parts) + 1
        block = next((i + 1 for i, part in enumerate(parts) if part.isdigit()), root)
        whole = any(".".join(parts[:end]) not in self.names for end in (root, block))
        return _VISION if whole else _INCOMPLETE


def _tower_root(parts: list[str]) -> int:
    return next((i for i, part in enumerate(parts) if component_of(part) in TOWERS), 0)


def _in_tower(name: str) -> str:
    """`visual.blocks.3.attn.proj` of the name of a tower's module, whatever stands before it."""
    parts = name.split(".")
    return ".".join(parts[_tower_root(parts) :])


def _with_parents(modules: Modules) -> set[str]:
    names: set[str] = set()
    for module in modules.items:
        name = module
        while name and name not in names:
            names.add(name)
            name = name.rpartition(".")[0]
    return names


def _stacks(names: set[str]) -> set[str]:
    """The lists of layers of language models: under one prefix, unless something is wrong."""
    lists = (name for name in names if name == "layers" or name.endswith(".layers"))
    return {name for name in lists if component_of(name) not in TOWERS and "mtp" not in name}


def _is_fused_expert(name: str, modules: dict[str, Module]) -> bool:
    """Whether one 3-D tensor holds the expert together with all others."""
    block, found, _ = name.partition(EXPERTS)
    return bool(found) and f"{block}.experts" in modules
