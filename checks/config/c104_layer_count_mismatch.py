"""The stored layers are not the ones that config.json counts.

What it checks: the main stack holds the layers 0 to num_hidden_layers - 1, each of them, and none
    above except the multi-token prediction layers that the config declares.
Why it matters: a layer that is missing stays random, and the engine does not say so for a
    quantized model; one too many is a KeyError, or is dropped.
How to fix: correct num_hidden_layers, or export the missing layers again.
Seen in: checkpoints saved from a pruned or partly downloaded model.
"""

from collections.abc import Iterable

from release.architecture import Architecture, ModelConfig
from release.facts.absences import Absences
from release.facts.modules import Modules
from release.rules import Findings, Found, Where, in_config, rule

KEY = "num_hidden_layers"


@rule(since="0.1.0")
def check(
    config: ModelConfig, architecture: Architecture, absences: Absences, modules: Modules
) -> Findings:
    """Compare the stored indices with the declared count."""
    stack = absences.stack or architecture.stack
    stored = _indices(modules.items, stack)
    missing = sorted(_indices(absences.layers, architecture.stack))
    place = in_config(f"{config.text_path}{KEY}")
    if missing and stored and missing[0] > max(stored):
        yield Found(
            where=place,
            message=f"{KEY} is {architecture.layers}, the last stored layer is {max(stored)}",
            fix=f"set {KEY} to {max(stored) + 1}, or export the layers that are missing",
        )
    else:
        for index in missing:
            yield Found(
                where=Where(module=f"{stack}.{index}"),
                message=f"layer {index} of {architecture.layers} has no tensor at all",
                fix="export the checkpoint again",
            )
    nextn = config.get("num_nextn_predict_layers")
    allowed = nextn if type(nextn) is int else architecture.mtp_layers
    for index in sorted(stored):
        if index >= architecture.layers + allowed:
            yield Found(
                where=Where(module=f"{stack}.{index}"),
                message=f"layer {index} is stored, {KEY} is {architecture.layers}",
                fix=f"correct {KEY}, or remove the layer",
            )


def _indices(names: Iterable[str], stack: str) -> set[int]:
    prefix = f"{stack}."
    parts = (
        name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix)
    )
    return {int(part) for part in parts if part.isdecimal() and len(part) < len(str(1 << 32))}
