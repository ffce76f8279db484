"""The vision tower of the Qwen3-VL and Qwen3.5 families."""

from collections.abc import Mapping
from typing import Any

from release.architecture.config import COUNT_CAP, ConfigGap, size
from release.architecture.skeleton import CONV, Expected, Skeleton, embedding, linear, norm


def qwen_vision(name: str, vision: Mapping[str, Any]) -> Skeleton:
    """`visual`: patch embedding, blocks, merger into the language model's width."""
    hidden, patch = size(vision, "hidden_size"), size(vision, "patch_size")
    depth, inner = size(vision, "depth"), size(vision, "intermediate_size")
    if depth > COUNT_CAP:
        raise ConfigGap(f"vision_config.depth is {depth:,}")
    kernel = (size(vision, "temporal_patch_size", 2), patch, patch)
    shape = (hidden, size(vision, "in_channels", 3), *kernel)
    yield f"{name}.patch_embed.proj", Expected(CONV, {"weight": shape, "bias": (hidden,)})
    yield from embedding(f"{name}.pos_embed", size(vision, "num_position_embeddings"), hidden)
    for block in range(depth):
        yield from _block(f"{name}.blocks.{block}", hidden, inner)
    merged = hidden * size(vision, "spatial_merge_size", 2) ** 2
    yield from norm(f"{name}.merger.norm", hidden, bias=True)
    yield from linear(f"{name}.merger.linear_fc1", merged, merged, bias=True)
    yield from linear(
        f"{name}.merger.linear_fc2", size(vision, "out_hidden_size"), merged, bias=True
    )


def _block(name: str, hidden: int, inner: int) -> Skeleton:
    yield from norm(f"{name}.norm1", hidden, bias=True)
    yield from norm(f"{name}.norm2", hidden, bias=True)
    yield from linear(f"{name}.attn.qkv", 3 * hidden, hidden, bias=True)
    yield from linear(f"{name}.attn.proj", hidden, hidden, bias=True)
    yield from linear(f"{name}.mlp.linear_fc1", inner, hidden, bias=True)
    yield from linear(f"{name}.mlp.linear_fc2", hidden, inner, bias=True)
