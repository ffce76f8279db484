"""Softmax attention: q, k, v, o projections with grouped KV heads."""

import msgspec

from release.architecture.config import ModelConfig
from release.architecture.skeleton import Skeleton, linear, norm


class AttentionCache(msgspec.Struct, frozen=True, tag="full_attention"):
    """What one full-attention layer caches for every token."""

    kv_heads: int
    head_dim: int
    v_head_dim: int


def head_dim(config: ModelConfig) -> int:
    """The head dimension: `head_dim`, else hidden_size / num_attention_heads."""
    heads = config.count("num_attention_heads")
    return config.size("head_dim", config.size("hidden_size") // max(heads, 1))


def kv_heads(config: ModelConfig) -> int:
    """Number of key/value heads; without the key, one for each query head."""
    return config.count("num_key_value_heads", config.count("num_attention_heads"))


def attention(
    name: str,
    config: ModelConfig,
    *,
    qkv_bias: bool = False,
    o_bias: bool = False,
    qk_norm: bool = False,
    output_gate: bool = False,
) -> Skeleton:
    """`self_attn` of one layer; an output gate doubles q_proj's rows."""
    hidden, dim = config.size("hidden_size"), head_dim(config)
    queries, keys = config.count("num_attention_heads") * dim, kv_heads(config) * dim
    yield from linear(f"{name}.q_proj", queries * (2 if output_gate else 1), hidden, bias=qkv_bias)
    yield from linear(f"{name}.k_proj", keys, hidden, bias=qkv_bias)
    yield from linear(f"{name}.v_proj", keys, hidden, bias=qkv_bias)
    yield from linear(f"{name}.o_proj", hidden, queries, bias=o_bias)
    if qk_norm:
        yield from norm(f"{name}.q_norm", dim)
        yield from norm(f"{name}.k_norm", dim)


def attention_cache(config: ModelConfig) -> AttentionCache:
    """The cache of one layer of `attention`."""
    return AttentionCache(kv_heads(config), head_dim(config), head_dim(config))
