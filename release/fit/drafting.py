"""The weights of an MTP head that config.json implies and no tensor shows."""

from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.architecture.recurrent import RecurrentCache
from release.facts.components import MTP
from release.facts.modules import Module
from release.facts.shards import rank_weights
from release.fit.subject import Subject
from release.memory.defaults import Settled
from release.unknown import Unknown

BYTES = 2  # of an element that is not quantized


def draft_head(subject: Subject, settled: Settled) -> tuple[int, int]:
    """Least and most bytes on one GPU; 0 where it does not draft, or the tensors are known.

    Each of its layers is like the model's last one that attends, stored as that is or in the
    model's dtype, with a projection of two residual streams to one; its embedding and output are
    the model's own. Sources: vLLM 0.32 models/qwen3_5_mtp.py, models/deepseek_mtp.py.
    """
    layers = subject.architecture.drafting_layers
    if isinstance(subject.modules, Unknown) or not settled.serving.num_speculative_tokens:
        return 0, 0
    if not subject.computed or any(module.component == MTP for module in subject.modules):
        return 0, 0
    layer = _last_that_attends(subject, subject.modules.items)
    weights = rank_weights(
        layer, subject.config, subject.architecture, settled.serving, text_only=True
    )
    try:
        projection = 2 * subject.config.size("hidden_size") ** 2 * BYTES
    except ConfigGap:
        return 0, 0
    if isinstance(weights, Unknown):
        return 0, 0
    whole = sum(_unquantized(module) for module in layer) // settled.serving.tensor_parallel_size
    return layers * (weights.bytes + projection), layers * (weights.bytes + whole + projection)


def _last_that_attends(subject: Subject, modules: dict[str, Module]) -> list[Module]:
    caches = subject.architecture.caches
    kept = () if isinstance(caches, Unknown) else numbered(caches)
    attends = [index for index, cache in kept if not isinstance(cache, RecurrentCache)]
    prefix = f"{subject.architecture.stack}.{max(attends, default=0)}."
    return [module for name, module in modules.items() if name.startswith(prefix)]


def _unquantized(module: Module) -> int:
    """Bytes that a quantized module takes more if it is not quantized."""
    if not module.quantized or module.shape is None:
        return 0
    stored = sum(info.nbytes for info in module.tensors.values())
    return max(module.shape[0] * module.shape[1] * BYTES - stored, 0)
