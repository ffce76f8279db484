"""The sizes in config.json that decide what a profiling run allocates."""

from collections.abc import Iterator
from typing import Any

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import head_dim
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.memory.model import rope_settings
from release.unknown import Unknown

# Positions of images may be up to this many times as far apart.
IMAGE_POSITIONS = 4
MOST_STRETCHED = 1024
TABLE_BYTES = 2  # cosines and sines are kept in the model's dtype
# Where a tower does not say how many patches become one token: 2 x 2.
PATCHES_A_TOKEN = 4


class Tower(msgspec.Struct, frozen=True):
    """A vision tower: `width` elements that one patch takes at once, `patches` to one token.

    `dynamic` says that one image may take as many tokens as a step has.
    """

    width: int
    patches: int
    dynamic: bool


# How many experts a token goes to, by what families call it.
CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "top_k_experts")


class Shape(msgspec.Struct, frozen=True):
    """Elements that one token takes at once, at `least` and at `most`, on one GPU.

    `latent` are the elements of one row of latent attention's prefill workspace, 0 without it;
    `embedding` those of the embedding; `tables` the least and most bytes of rotary tables.
    """

    hidden: int
    least: int
    most: int
    vocabulary: int
    embedding: int
    recurrent: bool
    latent: int
    tables: tuple[int, int]
    tower: Tower | None


def measure_shape(config: ModelConfig, architecture: Architecture, ranks: int) -> Shape:
    """Read the sizes, for tensor parallelism over `ranks` GPUs. Raises `ConfigGap`.

    Beside the residual stream a layer holds an MLP's gate, up and their product, or as much for
    each expert that a token goes to. `most` leaves room for what some kernels add: quantized
    copies, inputs in the order of experts. Sources: vLLM 0.32 models/*.py;
    layers/fused_moe/fused_moe.py, whose workspaces are sized so.
    """
    hidden, vocabulary = config.size("hidden_size"), config.size("vocab_size")
    dense = config.size("intermediate_size", 0)
    chosen = max(config.count(key, 0) for key in CHOSEN)
    # Without a size of their own the experts have the MLP's: Mixtral, gpt-oss, MiniMax.
    expert = config.size("moe_intermediate_size", dense) // ranks
    sparse = chosen * (max(2 * expert, hidden) + expert)
    shuffled = chosen * (3 * (2 * expert + hidden))
    caches = architecture.caches
    kept = [] if isinstance(caches, Unknown) else [cache for _, cache in numbered(caches)]
    tables = list(_tables(config))
    latent = any(isinstance(cache, LatentCache) for cache in kept)
    return Shape(
        hidden=hidden,
        least=2 * hidden + max(3 * dense // ranks if not chosen else 0, sparse),
        most=3 * hidden + max(5 * dense // ranks, shuffled),
        vocabulary=vocabulary,
        embedding=vocabulary * hidden // ranks,
        recurrent=any(isinstance(cache, RecurrentCache) for cache in kept),
        latent=_latent_row(config, ranks) if latent else 0,
        tables=(sum(low for low, _ in tables), sum(high for _, high in tables)),
        tower=_tower(config),
    )


def _latent_row(config: ModelConfig, ranks: int) -> int:
    heads = config.count("num_attention_heads") // ranks
    return heads * (config.size("qk_nope_head_dim") + config.size("v_head_dim"))


def _tables(config: ModelConfig) -> Iterator[tuple[int, int]]:
    """Bytes of each table of cosines and sines, least and most: one a kind of rotary embedding.

    Sources: vLLM 0.32 layers/rotary_embedding, get_rope and each class's cos_sin_cache.
    """
    if config.text.get("mla_use_nope") is True:
        return  # Kimi Linear's attention has no positions
    plain: list[dict[str, Any]] = [{}] if config.text.get("rope_theta") is not None else []
    local = plain if config.text.get("rope_local_base_freq") is not None else []
    for rope in list(rope_settings(config.text)) + local or plain:
        part = rope.get("partial_rotary_factor", config.text.get("partial_rotary_factor", 1))
        part = part if isinstance(part, int | float) and 0 < part <= 1 else 1
        dim = config.size("qk_rope_head_dim", config.size("rotary_dim", 0))
        size = _positions(config, rope) * (dim or int(head_dim(config) * part)) * TABLE_BYTES
        yield size, size * (IMAGE_POSITIONS if "mrope_section" in rope else 1)


def _positions(config: ModelConfig, rope: dict[str, Any]) -> int:
    """How many positions a table has: a stretched one has more than the model was made for."""
    positions = config.size("max_position_embeddings", 0)
    factor, kind = rope.get("factor"), str(rope.get("rope_type") or rope.get("type"))
    if not isinstance(factor, int | float) or not 1 <= factor <= MOST_STRETCHED:
        return positions
    original = rope.get("original_max_position_embeddings")
    if "yarn" in kind and type(original) is int and 0 < original <= positions:
        return int(original * factor)
    return int(positions * factor) if kind == "linear" else positions


def _tower(config: ModelConfig) -> Tower | None:
    """The vision tower, if its config says how wide it is."""
    vision = ModelConfig(config.vision) if config.vision is not None else None
    if vision is None:
        return None
    try:
        hidden, inner = vision.size("hidden_size"), vision.size("intermediate_size")
        side = vision.size("spatial_merge_size", 0)
        edge = vision.size("image_size", 0) // vision.size("patch_size", 1)
    except ConfigGap:
        return None
    tokens = config.raw.get("mm_tokens_per_image")
    patches = side * side
    if not patches and edge and type(tokens) is int and tokens > 0:
        patches = edge * edge // tokens
    return Tower(4 * hidden + 3 * inner, patches or PATCHES_A_TOKEN, dynamic=side > 0)
