"""Hunyuan V1 (dense): norms on queries and keys under names of their own.

vLLM runs it through its Transformers backend, which merges by its own rules.
"""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton

QK_NORM = ("query_layernorm", "key_layernorm")


def hunyuan_attention(name: str, config: ModelConfig) -> Skeleton:
    """`self_attn` of one layer."""
    bias = config.flag("attention_bias")
    yield from attention(name, config, qkv_bias=bias, o_bias=bias, qk_norm=QK_NORM)


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    yield from hunyuan_attention(f"{name}.self_attn", config)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(_skeleton, plain_caches, QKV | GATE_UP)
