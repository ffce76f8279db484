"""Qwen2: Llama's layer with biases on q, k and v."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, qwen_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def qwen2_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer."""
    yield from attention(f"{name}.self_attn", config, qkv_bias=True)
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, qwen2_layer)


FAMILY = Family(_skeleton, qwen_caches, QKV | GATE_UP)
