"""Softmax attention: q, k, v, o projections with grouped KV heads."""

import msgspec

from release.architecture.config import ModelConfig
from release.architecture.skeleton import Skeleton, linear, norm, vectors


class AttentionCache(msgspec.Struct, frozen=True, tag="full_attention"):
    """What one softmax-attention layer caches for every token.

    Or for the last `window` of them, or those of the current `chunk`.
    """

    kv_heads: int
    head_dim: int
    v_head_dim: int
    window: int | None = None
    chunk: int | None = None


class CrossCache(msgspec.Struct, frozen=True, tag="cross_attention"):
    """What one layer of attention to an encoder's output caches, for each of its `places`."""

    kv_heads: int
    head_dim: int
    v_head_dim: int
    places: int


def head_dim(config: ModelConfig) -> int:
    """The head dimension: `head_dim`, else hidden_size / num_attention_heads."""
    heads = config.count("num_attention_heads")
    return config.size("head_dim", config.size("hidden_size") // max(heads, 1))


def kv_heads(config: ModelConfig) -> int:
    """Number of key/value heads; without the key, one for each query head."""
    return config.count("num_key_value_heads", config.count("num_attention_heads"))


def attention(  # noqa: PLR0913 - one switch for each way in which families differ
    name: str,
    config: ModelConfig,
    *,
    qkv_bias: bool = False,
    o_bias: bool = False,
    qk_norm: tuple[str, str] | None = None,
    wide_norm: bool = False,
    output_gate: bool = False,
    sinks: bool = False,
) -> Skeleton:
    """`self_attn` of one layer.

    `qk_norm` names the norms on queries and keys, one head wide, or all of them if `wide_norm`;
    an output gate doubles q_proj's rows; `sinks` are one number a head.
    """
    hidden, dim = config.size("hidden_size"), head_dim(config)
    heads = config.count("num_attention_heads")
    queries, keys = heads * dim, kv_heads(config) * dim
    yield from linear(f"{name}.q_proj", queries * (2 if output_gate else 1), hidden, bias=qkv_bias)
    yield from linear(f"{name}.k_proj", keys, hidden, bias=qkv_bias)
    yield from linear(f"{name}.v_proj", keys, hidden, bias=qkv_bias)
    yield from linear(f"{name}.o_proj", hidden, queries, bias=o_bias)
    if qk_norm:
        yield from norm(f"{name}.{qk_norm[0]}", queries if wide_norm else dim)
        yield from norm(f"{name}.{qk_norm[1]}", keys if wide_norm else dim)
    if sinks:
        yield from vectors(name, sinks=(heads,))


QK_NORM = ("q_norm", "k_norm")


def attention_cache(config: ModelConfig) -> AttentionCache:
    """The cache of one layer of `attention` that sees the full context."""
    return AttentionCache(kv_heads(config), head_dim(config), head_dim(config))
