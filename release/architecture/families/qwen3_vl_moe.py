"""Qwen3-VL-MoE: Qwen3-VL with experts in the layers that decoder_sparse_step selects."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import qwen_caches
from release.architecture.families.qwen3 import qwen3_attention
from release.architecture.families.qwen3_vl import qwen3_vl_skeleton
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import expert_count, experts, mlp_of, sparse_step
from release.architecture.served import QWEN_VL, Served
from release.architecture.skeleton import Skeleton, router


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    yield from qwen3_attention(f"{name}.self_attn", config)
    count, hidden = expert_count(config), config.size("hidden_size")
    if not count or not sparse_step(config, index):
        yield from mlp_of(f"{name}.mlp", config)
        return
    yield from router(f"{name}.mlp.gate", count, hidden)
    # The release holds the fused experts transposed, transformers 5 writes them the other way.
    width = config.size("moe_intermediate_size")
    yield from experts(f"{name}.mlp.experts", count, hidden, width, transposed=None)


def _skeleton(config: ModelConfig) -> Skeleton:
    return qwen3_vl_skeleton(config, _layer)


FAMILY = Family(
    _skeleton,
    qwen_caches,
    QKV | GATE_UP,
    "model.language_model.layers",
    served=Served(QWEN_VL.prefixes, head=QWEN_VL.head, router=True, unmapped=("gate_up_proj",)),
)
