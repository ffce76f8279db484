"""The vision towers that several families borrow: SigLIP, Pixtral; and Llama 4's."""

from collections.abc import Mapping
from typing import Any

from release.architecture.config import count, size
from release.architecture.decoder import AROUND_NORMS
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import (
    CONV,
    LINEAR,
    VECTOR,
    Expected,
    Skeleton,
    embedding,
    linear,
    norm,
    vectors,
)

Settings = Mapping[str, Any]


def siglip_vision(name: str, vision: Settings) -> Skeleton:
    """SigLIP's encoder; the pooling head only where vision_use_head is not false."""
    width, inner = size(vision, "hidden_size", 768), size(vision, "intermediate_size", 3072)
    patch, channels = size(vision, "patch_size", 16), size(vision, "num_channels", 3)
    conv = {"weight": (width, channels, patch, patch), "bias": (width,)}
    yield f"{name}.embeddings.patch_embedding", Expected(CONV, conv)
    patches = (size(vision, "image_size", 224) // max(patch, 1)) ** 2
    yield from embedding(f"{name}.embeddings.position_embedding", patches, width)
    for index in range(count(vision, "num_hidden_layers", 12)):
        layer = f"{name}.encoder.layers.{index}"
        yield from norm(f"{layer}.layer_norm1", width, bias=True)
        yield from norm(f"{layer}.layer_norm2", width, bias=True)
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from linear(f"{layer}.self_attn.{projection}", width, width, bias=True)
        yield from _two_layers(f"{layer}.mlp", width, inner)
    yield from norm(f"{name}.post_layernorm", width, bias=True)
    if vision.get("vision_use_head", True):
        yield from _pooling_head(f"{name}.head", width, inner)


def pixtral_vision(name: str, vision: Settings) -> Skeleton:
    """Pixtral's encoder: Mistral's layers without grouping."""
    width, inner = size(vision, "hidden_size", 1024), size(vision, "intermediate_size", 4096)
    patch, channels = size(vision, "patch_size", 16), size(vision, "num_channels", 3)
    yield f"{name}.patch_conv", Expected(CONV, {"weight": (width, channels, patch, patch)})
    yield from norm(f"{name}.ln_pre", width)
    for index in range(count(vision, "num_hidden_layers", 24)):
        layer = f"{name}.transformer.layers.{index}"
        yield from norm(f"{layer}.attention_norm", width)
        yield from norm(f"{layer}.ffn_norm", width)
        for projection in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield from linear(f"{layer}.attention.{projection}", width, width)
        yield from gated_mlp(f"{layer}.feed_forward", width, inner)


def llama4_vision(name: str, vision: Settings) -> Skeleton:
    """Llama 4's encoder and the adapter behind it."""
    width, inner = size(vision, "hidden_size", 768), size(vision, "intermediate_size", 5632)
    patch, channels = size(vision, "patch_size", 14), size(vision, "num_channels", 3)
    side = size(vision, "image_size", 448) // max(patch, 1)
    yield from vectors(
        name, class_embedding=(width,), positional_embedding_vlm=(side**2 + 1, width)
    )
    pixels = channels * patch**2
    yield f"{name}.patch_embedding.linear", Expected(LINEAR, {"weight": (width, pixels)})
    yield from norm(f"{name}.layernorm_pre", width, bias=True)
    yield from norm(f"{name}.layernorm_post", width, bias=True)
    for index in range(count(vision, "num_hidden_layers", 34)):
        layer = f"{name}.model.layers.{index}"
        yield from norm(f"{layer}.input_layernorm", width, bias=True)
        yield from norm(f"{layer}.post_attention_layernorm", width, bias=True)
        for projection in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield from linear(f"{layer}.self_attn.{projection}", width, width, bias=True)
        yield from _two_layers(f"{layer}.mlp", width, inner)
    joined, out = (
        size(vision, "projector_input_dim", 4096),
        size(vision, "projector_output_dim", 4096),
    )
    yield from linear(f"{name}.vision_adapter.mlp.fc1", joined, inner)
    yield from linear(f"{name}.vision_adapter.mlp.fc2", out, out)


def gemma4_vision(name: str, vision: Settings, text_width: int) -> Skeleton:
    """Gemma 4's encoder, and the projection into the language model."""
    tower, width = f"{name}.vision_tower", size(vision, "hidden_size", 768)
    heads, dim = count(vision, "num_attention_heads", 12), size(vision, "head_dim", 64)
    keys, inner = count(vision, "num_key_value_heads", 12), size(vision, "intermediate_size", 3072)
    places = (2, size(vision, "position_embedding_size", 10_240), width)
    yield from vectors(f"{tower}.patch_embedder", position_embedding_table=places)
    pixels = 3 * size(vision, "patch_size", 16) ** 2
    yield f"{tower}.patch_embedder.input_proj", Expected(LINEAR, {"weight": (width, pixels)})
    if vision.get("standardize"):
        yield from vectors(tower, std_bias=(width,), std_scale=(width,))
    shapes = {
        "self_attn.q_proj": (heads * dim, width),
        "self_attn.k_proj": (keys * dim, width),
        "self_attn.v_proj": (keys * dim, width),
        "self_attn.o_proj": (width, heads * dim),
        "mlp.gate_proj": (inner, width),
        "mlp.up_proj": (inner, width),
        "mlp.down_proj": (width, inner),
    }
    clips = ("input_min", "input_max", "output_min", "output_max")
    for index in range(count(vision, "num_hidden_layers", 16)):
        layer = f"{tower}.encoder.layers.{index}"
        for part, shape in shapes.items():
            yield from linear(f"{layer}.{part}.linear", *shape)
            if vision.get("use_clipped_linears"):
                yield from vectors(f"{layer}.{part}", **dict.fromkeys(clips, ()))
        for each in AROUND_NORMS:
            yield from norm(f"{layer}.{each}", width)
        yield from norm(f"{layer}.self_attn.q_norm", dim)
        yield from norm(f"{layer}.self_attn.k_norm", dim)
    yield from linear(f"{name}.embed_vision.embedding_projection", text_width, width)


def _two_layers(name: str, width: int, inner: int) -> Skeleton:
    yield from linear(f"{name}.fc1", inner, width, bias=True)
    yield from linear(f"{name}.fc2", width, inner, bias=True)


def _pooling_head(name: str, width: int, inner: int) -> Skeleton:
    yield from vectors(name, probe=(1, 1, width))
    joined = {"in_proj_weight": (3 * width, width), "in_proj_bias": (3 * width,)}
    yield f"{name}.attention", Expected(VECTOR, joined)
    yield from linear(f"{name}.attention.out_proj", width, width, bias=True)
    yield from norm(f"{name}.layernorm", width, bias=True)
    yield from _two_layers(f"{name}.mlp", width, inner)
