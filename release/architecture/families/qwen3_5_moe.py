"""Qwen3.5-MoE: Qwen3.5 with experts and a shared one in every layer."""

from release.architecture.config import ModelConfig
from release.architecture.families.qwen2_moe import shared_expert_mlp
from release.architecture.families.qwen3_5 import (
    qwen3_5_caches,
    qwen3_5_fused,
    qwen3_5_served,
    qwen3_5_skeleton,
    qwen3_5_stack,
)
from release.architecture.family import MTP_APART, Family
from release.architecture.mlp import expert_count
from release.architecture.skeleton import Skeleton


def _skeleton(config: ModelConfig) -> Skeleton:
    count = expert_count(config)
    return qwen3_5_skeleton(
        config, lambda name, config, _index: shared_expert_mlp(name, config, count)
    )


FAMILY = Family(
    _skeleton,
    qwen3_5_caches,
    qwen3_5_fused,
    qwen3_5_stack,
    mtp="mtp.",
    mtp_keys=("mtp_num_hidden_layers",),
    mtp_parts=MTP_APART,
    mtp_default=1,
    served=qwen3_5_served,
)
