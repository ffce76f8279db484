"""The vision towers of the Qwen families."""

from collections.abc import Mapping
from typing import Any

from release.architecture.config import count, size
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import CONV, Expected, Skeleton, embedding, linear, norm

Settings = Mapping[str, Any]


def qwen_vision(name: str, vision: Settings) -> Skeleton:
    """`visual` of Qwen3-VL and Qwen3.5: patches, blocks, mergers into the language model's width.

    Qwen3-VL has one more merger for each of deepstack_visual_indexes.
    """
    hidden, inner = size(vision, "hidden_size"), size(vision, "intermediate_size")
    yield from _patches(f"{name}.patch_embed.proj", vision, hidden, bias=True)
    yield from embedding(f"{name}.pos_embed", size(vision, "num_position_embeddings"), hidden)
    for block in range(count(vision, "depth")):
        yield from _block(f"{name}.blocks.{block}", hidden)
        yield from linear(f"{name}.blocks.{block}.mlp.linear_fc1", inner, hidden, bias=True)
        yield from linear(f"{name}.blocks.{block}.mlp.linear_fc2", hidden, inner, bias=True)
    merged = hidden * size(vision, "spatial_merge_size", 2) ** 2
    out = size(vision, "out_hidden_size")
    yield from _merger(f"{name}.merger", hidden, merged, out)
    deep = vision.get("deepstack_visual_indexes")
    for index in range(len(deep) if isinstance(deep, list) else 0):
        yield from _merger(f"{name}.deepstack_merger_list.{index}", merged, merged, out)


def qwen2_vision(name: str, vision: Settings) -> Skeleton:
    """`visual` of Qwen2-VL; its hidden_size is that of the language model."""
    width = size(vision, "embed_dim", 1280)
    ratio = vision.get("mlp_ratio", 4)
    inner = int(width * ratio) if isinstance(ratio, int | float) else size(vision, "mlp_ratio")
    yield from _patches(f"{name}.patch_embed.proj", vision, width)
    for block in range(count(vision, "depth", 32)):
        yield from _block(f"{name}.blocks.{block}", width)
        yield from linear(f"{name}.blocks.{block}.mlp.fc1", inner, width, bias=True)
        yield from linear(f"{name}.blocks.{block}.mlp.fc2", width, inner, bias=True)
    yield from _old_merger(f"{name}.merger", vision, width, size(vision, "hidden_size"), bias=True)


def qwen2_5_vision(name: str, vision: Settings) -> Skeleton:
    """`visual` of Qwen2.5-VL: gated MLPs, norms without biases."""
    width, inner = size(vision, "hidden_size"), size(vision, "intermediate_size")
    yield from _patches(f"{name}.patch_embed.proj", vision, width)
    for block in range(count(vision, "depth", 32)):
        yield from _block(f"{name}.blocks.{block}", width, norm_bias=False)
        yield from gated_mlp(f"{name}.blocks.{block}.mlp", width, inner, bias=True)
    yield from _old_merger(f"{name}.merger", vision, width, size(vision, "out_hidden_size"))


def _patches(name: str, vision: Settings, width: int, *, bias: bool = False) -> Skeleton:
    patch, depth = size(vision, "patch_size", 14), size(vision, "temporal_patch_size", 2)
    channels = size(vision, "in_channels", size(vision, "in_chans", 3))
    shape = (width, channels, depth, patch, patch)
    yield name, Expected(CONV, {"weight": shape, "bias": (width,)} if bias else {"weight": shape})


def _block(name: str, width: int, *, norm_bias: bool = True) -> Skeleton:
    yield from norm(f"{name}.norm1", width, bias=norm_bias)
    yield from norm(f"{name}.norm2", width, bias=norm_bias)
    yield from linear(f"{name}.attn.qkv", 3 * width, width, bias=True)
    yield from linear(f"{name}.attn.proj", width, width, bias=True)


def _merger(name: str, normed: int, merged: int, out: int) -> Skeleton:
    yield from norm(f"{name}.norm", normed, bias=True)
    yield from linear(f"{name}.linear_fc1", merged, merged, bias=True)
    yield from linear(f"{name}.linear_fc2", out, merged, bias=True)


def _old_merger(
    name: str, vision: Settings, width: int, out: int, *, bias: bool = False
) -> Skeleton:
    merged = width * size(vision, "spatial_merge_size", 2) ** 2
    yield from norm(f"{name}.ln_q", width, bias=bias)
    yield from linear(f"{name}.mlp.0", merged, merged, bias=True)
    yield from linear(f"{name}.mlp.2", out, merged, bias=True)
