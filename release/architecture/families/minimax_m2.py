"""MiniMax-M2: norms over all queries and all keys, experts in every layer."""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import QKV, Family
from release.architecture.mlp import W_SPELLING, expert_count, experts
from release.architecture.served import W_EXPERTS, Served
from release.architecture.skeleton import Skeleton, router, vectors


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    yield from attention(f"{name}.self_attn", config, qk_norm=QK_NORM, wide_norm=True)
    moe, hidden = f"{name}.block_sparse_moe", config.size("hidden_size")
    count = expert_count(config, "num_local_experts", "num_experts")
    yield from router(f"{moe}.gate", count, hidden)
    yield from vectors(moe, e_score_correction_bias=(count,))
    width = config.size("intermediate_size")
    yield from experts(f"{moe}.experts", count, hidden, width, spelling=W_SPELLING)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV,
    mtp="mtp.",
    served=Served(moved={".block_sparse_moe.": ".mlp."}, experts=W_EXPERTS),
)
