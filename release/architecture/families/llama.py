"""Llama: grouped-query attention and a gated MLP in every layer."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import Skeleton


def llama_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer."""
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    yield from gated_mlp(
        f"{name}.mlp",
        config.size("hidden_size"),
        config.size("intermediate_size"),
        bias=config.flag("mlp_bias"),
    )


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, llama_layer)


FAMILY = Family(_skeleton, plain_caches, QKV | GATE_UP)
