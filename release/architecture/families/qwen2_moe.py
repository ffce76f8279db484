"""Qwen2-MoE: Qwen2's attention, experts with a shared one beside them that has its own gate."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, qwen_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import (
    expert_count,
    gated_mlp,
    mlp_of,
    sparse_mlp,
    sparse_step,
)
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, router


def shared_expert_mlp(name: str, config: ModelConfig, count: int) -> Skeleton:
    """`count` experts and the shared one."""
    yield from sparse_mlp(name, config, count, intermediate="moe_intermediate_size")
    hidden, shared = config.size("hidden_size"), config.size("shared_expert_intermediate_size")
    yield from gated_mlp(f"{name}.shared_expert", hidden, shared)
    yield from router(f"{name}.shared_expert_gate", 1, hidden)


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    bias = config.flag("qkv_bias", default=True)
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias)
    count = expert_count(config)
    if count and sparse_step(config, index):
        yield from shared_expert_mlp(f"{name}.mlp", config, count)
    else:
        yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


def _served(config: ModelConfig) -> Served:
    mapped = config.get("mlp_only_layers") or config.size("shared_expert_intermediate_size")
    return Served(unmapped=() if mapped else ("gate_up_proj",))


FAMILY = Family(
    _skeleton,
    qwen_caches,
    QKV | GATE_UP,
    served=_served,
)
