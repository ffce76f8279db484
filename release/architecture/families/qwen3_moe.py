"""Qwen3-MoE: Qwen3's attention, experts in the layers that decoder_sparse_step selects."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, qwen_caches
from release.architecture.families.qwen3 import qwen3_attention
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import expert_count, mlp_of, sparse_mlp, sparse_step
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    yield from qwen3_attention(f"{name}.self_attn", config)
    count = expert_count(config)
    if count and sparse_step(config, index):
        yield from sparse_mlp(f"{name}.mlp", config, count, intermediate="moe_intermediate_size")
    else:
        yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    qwen_caches,
    QKV | GATE_UP,
    # Its constructor adds the dense layers' projections when the declaration has been read.
    served=Served(router=True, unmapped=("gate_up_proj",)),
)
