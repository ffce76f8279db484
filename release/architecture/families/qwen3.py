"""Qwen3: norms on queries and keys, a gated MLP."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, full_attention_caches, plain_stack
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = bool(config.get("attention_bias", False))
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, qk_norm=True)
    yield from gated_mlp(
        f"{name}.mlp", config.size("hidden_size"), config.size("intermediate_size")
    )


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=False)


FAMILY = Family(_skeleton, full_attention_caches, QKV | GATE_UP, plain_stack)
