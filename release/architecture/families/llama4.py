"""Llama 4: dense and sparse layers in turn, a shared expert, a vision tower of its own."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig, size
from release.architecture.decoder import decoder
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.architecture.mlp import expert_count, experts, gated_mlp
from release.architecture.skeleton import Skeleton, linear, router
from release.architecture.towers import llama4_vision
from release.unknown import Unknown


def _is_sparse(config: ModelConfig, index: int) -> bool:
    listed = config.text.get("moe_layers")
    if isinstance(listed, list):
        return index in listed
    step = config.count("interleave_moe_layer_step", 1)
    return step > 0 and (index + 1) % step == 0


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    block, hidden = f"{name}.feed_forward", config.size("hidden_size")
    if not _is_sparse(config, index):
        yield from gated_mlp(block, hidden, config.size("intermediate_size_mlp", 16_384))
        return
    count, width = expert_count(config, "num_local_experts"), config.size("intermediate_size")
    yield from router(f"{block}.router", count, hidden)
    yield from experts(f"{block}.experts", count, hidden, width, transposed=True)
    yield from gated_mlp(f"{block}.shared_expert", hidden, width)


def _prefix(config: ModelConfig) -> str:
    return "language_model.model" if config.model_type == "llama4" else "model"


def _skeleton(config: ModelConfig) -> Skeleton:
    for name, expected in decoder(config, _layer, prefix=_prefix(config)):
        nested = name == "lm_head" and config.model_type == "llama4"
        yield ("language_model.lm_head" if nested else name), expected
    if config.vision is not None:
        yield from llama4_vision("vision_model", config.vision)
        hidden, width = config.size("hidden_size"), size(config.vision, "vision_output_dim", 7680)
        yield from linear("multi_modal_projector.linear_1", hidden, width)


def _caches(_config: ModelConfig) -> Caches | Unknown:
    return Unknown("attention in chunks of Llama 4 is not modelled")


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    lambda config: f"{_prefix(config)}.layers",
    defaults={"head_dim": 128, "num_key_value_heads": 8, "num_local_experts": 16},
)
