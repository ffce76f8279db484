"""Qwen3: norms on queries and keys, a gated MLP."""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, qwen_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def qwen3_attention(name: str, config: ModelConfig) -> Skeleton:
    """`self_attn` of one layer."""
    bias = config.flag("attention_bias")
    yield from attention(name, config, qkv_bias=bias, o_bias=bias, qk_norm=QK_NORM)


def qwen3_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer."""
    yield from qwen3_attention(f"{name}.self_attn", config)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, qwen3_layer)


FAMILY = Family(_skeleton, qwen_caches, QKV | GATE_UP)
