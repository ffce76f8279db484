"""Llama 4: dense and sparse layers in turn, a shared expert, a vision tower of its own."""

from msgspec.structs import replace

from release.architecture.attention import attention, attention_cache
from release.architecture.config import ModelConfig, size
from release.architecture.decoder import decoder
from release.architecture.family import GATE_UP, QKV, Caches, Family, Inputs
from release.architecture.mlp import expert_count, experts, gated_mlp
from release.architecture.served import Served
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


def _caches(config: ModelConfig) -> Caches | Unknown:
    # vLLM 0.32 models/llama4.py: chunks in the layers with rotary positions.
    layers, chunk = config.count("num_hidden_layers"), config.get("attention_chunk_size", 8192)
    rotary = config.text.get("no_rope_layers") or None
    if rotary is None:
        interval = config.count("no_rope_layer_interval", 4)
        rotary = [(i + 1) % interval != 0 if interval else True for i in range(layers)]
    if not isinstance(rotary, list) or len(rotary) != layers:
        return Unknown("no_rope_layers does not say of each layer whether it has positions")
    whole = attention_cache(config)
    if not chunk:
        return (whole,) * layers
    chunked = replace(whole, chunk=config.size("attention_chunk_size", 8192))
    return tuple(chunked if has else whole for has in rotary)


SERVED = Served(head="language_model.lm_head", plain=("vision_model.", "multi_modal_projector."))

FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    lambda config: f"{_prefix(config)}.layers",
    served=lambda config: SERVED if config.model_type == "llama4" else Served(),
    inputs=Inputs(("image",)),
)
