"""Multi-head latent attention: keys and values are projected from one narrow latent."""

import msgspec

from release.architecture.config import ModelConfig
from release.architecture.skeleton import Skeleton, linear, norm


class LatentCache(msgspec.Struct, frozen=True, tag="latent_attention"):
    """What one MLA layer caches for every token: the latent and the rotary part of the key.

    It is the same on every GPU of a tensor-parallel group. Where attention is
    `sparse`, some layers have an indexer that caches `indexer` bytes for each token beside it.
    """

    latent: int
    rope: int
    sparse: bool = False
    indexer: int = 0


def latent_attention(name: str, config: ModelConfig) -> Skeleton:
    """`self_attn` of one layer of DeepSeek's kind; without q_lora_rank the queries are not low."""
    hidden, heads = config.size("hidden_size"), config.count("num_attention_heads")
    bias = config.flag("attention_bias")
    latent, rope = config.size("kv_lora_rank"), config.size("qk_rope_head_dim")
    plain, values = config.size("qk_nope_head_dim"), config.size("v_head_dim")
    if config.text.get("q_lora_rank") is None:
        yield from linear(f"{name}.q_proj", heads * (plain + rope), hidden)
    else:
        rank = config.size("q_lora_rank")
        yield from linear(f"{name}.q_a_proj", rank, hidden, bias=bias)
        yield from norm(f"{name}.q_a_layernorm", rank)
        yield from linear(f"{name}.q_b_proj", heads * (plain + rope), rank)
    yield from linear(f"{name}.kv_a_proj_with_mqa", latent + rope, hidden, bias=bias)
    yield from norm(f"{name}.kv_a_layernorm", latent)
    yield from linear(f"{name}.kv_b_proj", heads * (plain + values), latent)
    yield from linear(f"{name}.o_proj", hidden, heads * values, bias=bias)


def latent_cache(config: ModelConfig) -> LatentCache:
    """The latent of one layer, for each token.

    Source: vLLM 0.32 layers/attention/mla_attention.py, get_kv_cache_spec.
    """
    return LatentCache(config.size("kv_lora_rank"), config.size("qk_rope_head_dim"))


def latent_caches(config: ModelConfig) -> tuple[LatentCache, ...]:
    """Every layer caches one latent for each token."""
    return (latent_cache(config),) * config.count("num_hidden_layers")
