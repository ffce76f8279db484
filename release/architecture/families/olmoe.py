"""OLMoE: norms over all queries and all keys, experts in every layer."""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import QKV, Family
from release.architecture.mlp import expert_count, sparse_mlp
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(
        f"{name}.self_attn",
        config,
        qkv_bias=bias,
        o_bias=bias,
        qk_norm=QK_NORM,
        wide_norm=True,
    )
    count = expert_count(config)
    yield from sparse_mlp(f"{name}.mlp", config, count, intermediate="intermediate_size")


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(_skeleton, plain_caches, QKV)
