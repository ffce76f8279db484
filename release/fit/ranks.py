"""What each of several GPUs loads, without any other question about them."""

from typing import Any

from release.facts import Facts
from release.facts.shards import rank_weights
from release.fit.splitting import Ranks, cannot_split, parts_of
from release.memory.serving import Serving
from release.unknown import Unknown


def weigh_rank(facts: Facts, ranks: int) -> dict[str, Any]:
    """Bytes that each of `ranks` GPUs loads, by component, as vLLM splits them.

    In their place `refused` says why vLLM does not split them so, `not_estimated` why they are not
    known.
    """
    needed = [facts.get(name) for name in ("modules", "config", "architecture")]
    unknown = next((fact for fact in needed if isinstance(fact, Unknown)), None)
    if unknown is not None:
        return {"not_estimated": unknown.reason}
    modules, config, architecture = needed
    parts = parts_of(architecture, modules)
    if refused := cannot_split(config, architecture, parts, Ranks(ranks)):
        return {"gpus": ranks, "refused": refused}
    serving = Serving(tensor_parallel_size=ranks)
    weights = rank_weights(modules, config, architecture, serving, text_only=False)
    if isinstance(weights, Unknown):
        return {"not_estimated": weights.reason}
    return {"gpus": ranks, "total_bytes": weights.bytes, "components": weights.components}
