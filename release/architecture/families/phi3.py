"""Phi-3 and Phi-4: q, k, v are one module, and so are gate and up."""

from release.architecture.attention import head_dim, kv_heads
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import Family
from release.architecture.mlp import merged_mlp
from release.architecture.skeleton import Skeleton, linear


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    hidden, dim = config.size("hidden_size"), head_dim(config)
    queries = config.count("num_attention_heads") * dim
    rows = queries + 2 * kv_heads(config) * dim
    yield from linear(f"{name}.self_attn.qkv_proj", rows, hidden)
    yield from linear(f"{name}.self_attn.o_proj", hidden, queries)
    yield from merged_mlp(f"{name}.mlp", hidden, config.size("intermediate_size"))


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    plain_caches,
    {"qkv_proj": ("qkv_proj",), "gate_up_proj": ("gate_up_proj",)},
)
