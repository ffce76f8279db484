"""The weights that one GPU loads, of a tensor-parallel group and a pipeline."""

from collections.abc import Iterable

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import kv_heads
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.architecture.recurrent import RecurrentCache
from release.checkpoint import TensorInfo
from release.facts.components import AUDIO, ENCODER, MTP, PROJECTOR, VISION
from release.facts.modules import Module
from release.memory import NotModelled
from release.memory.pool import pipeline_stages
from release.memory.serving import Serving
from release.memory.shards import Split, rank_bytes, split_by
from release.unknown import Unknown

TOWERS = frozenset({VISION, AUDIO, ENCODER, PROJECTOR})


class RankWeights(msgspec.Struct, frozen=True):
    """Bytes of weights on the fullest GPU, and of that by component."""

    bytes: int
    components: dict[str, int]


def rank_weights(
    modules: Iterable[Module],
    config: ModelConfig,
    architecture: Architecture,
    serving: Serving,
    *,
    text_only: bool,
    whole_towers: bool = False,
) -> RankWeights | Unknown:
    """Add up what each GPU loads; vLLM leaves the MTP head out unless it drafts with it.

    `whole_towers` is --mm-encoder-tp-mode data: each GPU has all of the vision tower.
    """
    ranks = serving.tensor_parallel_size
    try:
        heads, vocabulary = _kv_heads(config, architecture), config.size("vocab_size")
        stages = pipeline_stages(architecture.layers, serving.pipeline_parallel_size)
    except (ConfigGap, NotModelled) as gap:
        return Unknown(str(gap))
    if architecture.loading.whole_embedding:
        vocabulary = 0
    copied, experts = _copied_rows(architecture, ranks), _expert_ranks(config, architecture, ranks)
    split = Split(ranks, heads, vocabulary, copied, experts)
    whole = Split(1, heads, vocabulary)
    components: list[dict[str, int]] = [{} for _ in stages]
    sizes: dict[tuple[object, ...], int] = {}
    for module in modules:
        if module.component == MTP and not serving.num_speculative_tokens:
            continue
        if text_only and module.component in TOWERS:
            continue
        cut = whole if whole_towers and module.component == VISION else split
        # Modules of one layout are of the same dtypes and shapes: experts are many of few kinds.
        key = (id(module.layout), module.kind, id(cut), *split_by(module.name))
        if key not in sizes:
            sizes[key] = sum(
                rank_bytes(module.name, role, _loaded_bytes(module, role, info), info.shape, cut)
                for role, info in module.tensors.items()
            )
        size = sizes[key]
        for stage in _stages(module, architecture, len(stages), stages):
            kept = components[stage]
            kept[module.component] = kept.get(module.component, 0) + size
    fullest = max(components, key=lambda kept: sum(kept.values()))
    return RankWeights(sum(fullest.values()), fullest)


def _loaded_bytes(module: Module, role: str, info: TensorInfo) -> int:
    """Matrices in float32 are loaded in the model's dtype, which has two bytes: `--dtype auto`."""
    matrix = role == "weight" and module.quantizable and info.dtype == "F32"
    return info.nbytes // 2 if matrix else info.nbytes


def _kv_heads(config: ModelConfig, architecture: Architecture) -> int:
    """Heads whose projections are split; 1 where no layer attends."""
    caches = () if isinstance(architecture.caches, Unknown) else architecture.caches
    states = [isinstance(cache, RecurrentCache) for _, cache in numbered(caches)]
    return 1 if states and all(states) else kv_heads(config)


def _expert_ranks(config: ModelConfig, architecture: Architecture, ranks: int) -> int:
    """Over how many ranks experts are split where that has a limit, else 0."""
    narrowest = architecture.loading.narrowest_expert
    if narrowest is None:
        return 0
    return min(ranks, max(config.size("moe_intermediate_size") // narrowest, 1))


def _copied_rows(architecture: Architecture, ranks: int) -> int:
    """Source: vLLM 0.32 layers/mamba/mamba_mixer2.py, extra_groups_for_head_shards."""
    caches = () if isinstance(architecture.caches, Unknown) else architecture.caches
    states = (cache for _, cache in numbered(caches) if isinstance(cache, RecurrentCache))
    grouped = next((cache for cache in states if cache.groups), None)
    if grouped is None or grouped.groups % ranks == 0:
        return 0
    return 2 * (ranks - grouped.groups) * grouped.state_shape[-1]


def _stages(
    module: Module, architecture: Architecture, count: int, stages: tuple[range, ...]
) -> tuple[int, ...]:
    """The pipeline stages that hold a module: its layer's, else the first or the last."""
    if count == 1:
        return (0,)
    prefix = f"{architecture.stack}."
    if module.name.startswith(prefix):
        number = module.name.removeprefix(prefix).partition(".")[0]
        if number.isdigit():
            return tuple(i for i, stage in enumerate(stages) if int(number) in stage)
    if "embed" in module.name or module.component in TOWERS:
        return (0, count - 1) if architecture.tied else (0,)
    return (count - 1,)
