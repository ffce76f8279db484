"""Gemma 2: a sliding window in every other layer, norms before and after both blocks."""

from release.architecture.attention import attention
from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import AROUND_NORMS, decoder, layer_caches
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton
from release.unknown import Unknown


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=True, norms=AROUND_NORMS)


def _caches(config: ModelConfig) -> Caches | Unknown:
    return layer_caches(config, config.layer_types(FULL, 2, SLIDING, ""))


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    tied_by_default=True,
)
