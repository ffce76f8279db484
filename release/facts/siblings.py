"""Modules that vLLM loads as one: what must agree between them is judged between them."""

import msgspec

from release.architecture import Architecture
from release.architecture.numbering import EXPERTS
from release.facts.modules import Module, Modules
from release.unknown import Unknown

EXPERT_PAIRS = (("gate_proj", "up_proj"), ("w1", "w3"))


class Fused(msgspec.Struct, frozen=True):
    """A fused layer by the name that vLLM gives it, and its parts as stored, in vLLM's order."""

    name: str
    parts: tuple[Module, ...]
    expert: bool = False


def provide_siblings(architecture: Architecture, modules: Modules) -> tuple[Fused, ...] | Unknown:
    """Find every fused layer of which two parts or more are stored."""
    if architecture.served is None and not architecture.fused:
        return Unknown(f"what vLLM fuses of {architecture.family} is not known")
    by_first = {parts[0]: (name, parts) for name, parts in architecture.fused.items()}
    found = []
    for module in modules:
        parent, dot, last = module.name.rpartition(".")
        expert = EXPERTS in module.name and parent.rpartition(".")[2].isdecimal()
        if expert:
            pairs = {pair[0]: ("w13", pair) for pair in EXPERT_PAIRS}
        name, parts = (pairs if expert else by_first).get(last, ("", ()))
        stored = [modules.items.get(f"{parent}{dot}{part}") for part in parts]
        present = tuple(part for part in stored if part is not None)
        if len(present) > 1:
            found.append(Fused(f"{parent}{dot}{name}", present, expert))
    return tuple(found)
