"""EXAONE 4: norms after the blocks and on queries and keys; most layers with a sliding window."""

from release.architecture.attention import QK_NORM, attention, attention_cache
from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import AFTER_NORMS, decoder, layer_caches
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton
from release.unknown import Unknown


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    yield from attention(f"{name}.self_attn", config, qk_norm=QK_NORM)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, norms=AFTER_NORMS)


def _caches(config: ModelConfig) -> Caches | Unknown:
    if config.window() is None:
        return (attention_cache(config),) * config.count("num_hidden_layers")
    return layer_caches(config, config.layer_types(FULL, 4, SLIDING, "sliding_window_pattern"))


FAMILY = Family(_skeleton, _caches, QKV | GATE_UP)
