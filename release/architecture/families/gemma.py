"""Gemma: heads of 256, the embedding is the head."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=True)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
    tied_by_default=True,
)
