"""Qwen3-MoE: Qwen3's attention, experts in the layers that decoder_sparse_step selects."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, full_attention_caches, plain_stack
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import expert_count, experts, gated_mlp
from release.architecture.skeleton import Skeleton


def _is_sparse(config: ModelConfig, index: int) -> bool:
    step = config.count("decoder_sparse_step", 1)
    dense = config.get("mlp_only_layers")
    return not (isinstance(dense, list) and index in dense) and step > 0 and (index + 1) % step == 0


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    bias = bool(config.get("attention_bias", False))
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, qk_norm=True)
    count = expert_count(config)
    if count and _is_sparse(config, index):
        yield from experts(f"{name}.mlp", config, count)
    else:
        hidden, intermediate = config.size("hidden_size"), config.size("intermediate_size")
        yield from gated_mlp(f"{name}.mlp", hidden, intermediate)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=False)


FAMILY = Family(_skeleton, full_attention_caches, QKV | GATE_UP, plain_stack)
