"""Granite 3 MoE: Granite's attention, experts in every layer."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import QKV, Family
from release.architecture.mlp import expert_count
from release.architecture.skeleton import VECTOR, Expected, Experts, Skeleton, matrix, router


def granite_experts(name: str, config: ModelConfig) -> Skeleton:
    """Experts that the release holds in two 3-D tensors, with names of their own."""
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    count = expert_count(config, "num_local_experts", "num_experts")
    wide, narrow = matrix(width, hidden), matrix(hidden, width)
    yield from router(f"{name}.router.layer", count, hidden)
    yield (
        f"{name}.experts",
        Experts(
            count,
            {"gate_proj": wide, "up_proj": wide, "down_proj": narrow},
            {},
            {
                f"{name}.input_linear": Expected(VECTOR, {"weight": (count, 2 * width, hidden)}),
                f"{name}.output_linear": Expected(VECTOR, {"weight": (count, hidden, width)}),
            },
        ),
    )


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    yield from granite_experts(f"{name}.block_sparse_moe", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(_skeleton, plain_caches, QKV)
