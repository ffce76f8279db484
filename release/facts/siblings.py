"""Modules that vLLM loads as one: what must agree between them is judged between them."""

from collections.abc import Mapping

import msgspec

from release.architecture import Architecture
from release.architecture.numbering import EXPERTS
from release.facts.modules import Module, Modules
from release.unknown import Unknown

CALIBRATED = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj")}
EXPERT_PAIRS = (("gate_proj", "up_proj"), ("w1", "w3"))


class Fused(msgspec.Struct, frozen=True):
    """A fused layer by the name that vLLM gives it, and its parts as stored, in vLLM's order."""

    name: str
    parts: tuple[Module, ...]
    expert: bool = False


def provide_siblings(architecture: Architecture, modules: Modules) -> tuple[Fused, ...] | Unknown:
    """Find every fused layer of which two parts or more are stored."""
    if _is_unknown(architecture):
        return Unknown(f"what vLLM fuses of {architecture.family} is not known")
    return _siblings(architecture.fused, modules)


def provide_calibrated_together(
    architecture: Architecture | Unknown, stored_modules: Modules
) -> tuple[Fused, ...]:
    """Find the same, by the names that llm-compressor knows where vLLM's are not known."""
    if isinstance(architecture, Unknown) or _is_unknown(architecture):
        return _siblings(CALIBRATED, stored_modules)
    return _siblings(architecture.fused, stored_modules)


def _is_unknown(architecture: Architecture) -> bool:
    return architecture.served is None and not architecture.fused


def _siblings(fused: Mapping[str, tuple[str, ...]], modules: Modules) -> tuple[Fused, ...]:
    by_first = {parts[0]: (name, parts) for name, parts in fused.items()}
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
