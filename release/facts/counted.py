"""Parameters by what they do: at work on one token, and those of the tables of the vocabulary."""

import msgspec

from release.architecture import ModelConfig
from release.facts.components import EMBEDDINGS, HEAD, MTP, PROJECTOR, VISION
from release.facts.modules import Module, Modules
from release.facts.weights import logical_parameters

EXPERTS = "experts"
COUNTS = ("num_experts", "num_local_experts", "n_routed_experts")
CHOSEN = "num_experts_per_tok"
TABLES = {EMBEDDINGS, HEAD}


class Counted(msgspec.Struct, frozen=True):
    """All parameters, those of embeddings and head, and those at work on one token.

    `active` has two ends: without the vocabulary's tables, MTP head and vision, and with all of
    them, as people count both; None where config.json does not say how many experts are chosen.
    """

    total: int
    embeddings: int
    head: int
    active: tuple[float, float] | None


def provide_counted(modules: Modules, config: ModelConfig) -> Counted:
    """Count those of every module; of routed experts the chosen share is at work."""
    total = _of(list(modules))
    tables = {name: _of([m for m in modules if m.component == name]) for name in TABLES}
    aside = _of([m for m in modules if m.component in {*TABLES, MTP, PROJECTOR, VISION}])
    resting = _resting([m for m in modules if EXPERTS in m.name.split(".")], config)
    active = None if resting is None else (total - aside - resting, total - resting)
    return Counted(total, tables[EMBEDDINGS], tables[HEAD], active)


def _resting(routed: list[Module], config: ModelConfig) -> float | None:
    """Parameters of the experts that are not chosen for a token."""
    if not routed:
        return 0
    experts = next((count for key in COUNTS if type(count := config.get(key)) is int), None)
    chosen = config.get(CHOSEN)
    if type(chosen) is not int or not experts or not 0 < chosen <= experts:
        return None
    return _of(routed) * (1 - chosen / experts)


def _of(modules: list[Module]) -> int:
    return sum(
        logical_parameters(module, role, info)
        for module in modules
        for role, info in module.tensors.items()
    )
