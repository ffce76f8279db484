"""Command R: one norm a layer, before attention and MLP side by side; the embedding is the head."""

from release.architecture.attention import attention, head_dim, kv_heads
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import NORM, Expected, Skeleton

ONE_NORM = ("input_layernorm",)


def cohere_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer; the norms on queries and keys have a row for each head."""
    bias, attn = config.flag("attention_bias"), f"{name}.self_attn"
    yield from attention(attn, config, qkv_bias=bias, o_bias=bias)
    if config.flag("use_qk_norm"):
        heads, dim = config.count("num_attention_heads"), head_dim(config)
        yield f"{attn}.q_norm", Expected(NORM, {"weight": (heads, dim)})
        yield f"{attn}.k_norm", Expected(NORM, {"weight": (kv_heads(config), dim)})
    yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, cohere_layer, tied=True, norms=ONE_NORM)


FAMILY = Family(_skeleton, plain_caches, QKV | GATE_UP, tied_by_default=True)
