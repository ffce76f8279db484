"""What every layer keeps in one block, on one tensor-parallel rank."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.family import Caches, LayerCache, TokenCache, numbered
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.memory import NotModelled
from release.memory.attending import latent_format
from release.memory.blocks import kernel_block
from release.memory.dtypes import TURBOQUANT, attention_bytes, latent_bytes
from release.memory.serving import Serving
from release.memory.states import state_blocks, state_bytes
from release.memory.versions import latent_alignment

KERNEL_STEP = 16  # tokens; vLLM 0.32 v1/attention/backends, get_supported_kernel_block_sizes
SPARSE_BLOCK = 64  # of the kernels for an indexer's choice of tokens

Kind = Literal["full", "sliding", "chunked", "cross", "state"]


class Spec(msgspec.Struct, frozen=True):
    """One layer's cache: `page` bytes for each block of `block` tokens (0 for a state).

    `span` is the window, the chunk or the encoder's output in tokens, `states` how many blocks one
    sequence's state takes.
    `shape` is what else must be equal in two layers that share a block table.
    """

    kind: Kind
    block: int
    page: int
    span: int = 0
    states: int = 0
    shape: tuple[int | str, ...] = ()


class PlacedSpec(msgspec.Struct, frozen=True):
    """A spec and where its layer is: `layer` counts decoder layers, beyond them is the MTP head."""

    layer: int
    spec: Spec


class Pages(msgspec.Struct, frozen=True):
    """What all layers agree on: tokens of a block, bytes of a padded state (0 without states)."""

    block: int
    state: int


def build_specs(
    caches: Caches, dtype: str, serving: Serving, mtp_layers: int = 0
) -> tuple[PlacedSpec, ...]:
    """The spec of every layer that keeps something, in the order in which vLLM registers them.

    `dtype` is the model's. Sources: vLLM 0.32 layers/attention, layers/mamba/abstract.py,
    platforms/interface.py (_align_hybrid_block_size). Raises `NotModelled`.
    """
    layers = list(numbered(caches))
    if serving.num_speculative_tokens:
        if not mtp_layers:
            raise NotModelled("config.json names no MTP head to draft with")
        layers += [(len(caches) + i, _drafting(caches)) for i in range(mtp_layers)]
    kept = [cache for _, cache in layers]
    if serving.enable_prefix_caching is None and all(isinstance(c, RecurrentCache) for c in kept):
        # Off by default without attention: vLLM 0.32 config/model.py, is_prefix_caching_supported.
        serving = msgspec.structs.replace(serving, enable_prefix_caching=False)
    pages = _agree(kept, dtype, serving)
    return tuple(
        PlacedSpec(index, spec)
        for index, cache in layers
        for spec in _specs(cache, dtype, serving, pages)
    )


def _drafting(caches: Caches) -> LayerCache:
    """The cache of a layer of the MTP head: attention as in the model, with its own indexer."""
    attention = [c for _, c in numbered(caches) if isinstance(c, AttentionCache | LatentCache)]
    if not attention:
        raise NotModelled("the cache of this model's MTP head is not modelled")
    return max(reversed(attention), key=lambda cache: getattr(cache, "indexer", 0))


def _agree(caches: Sequence[LayerCache], dtype: str, serving: Serving) -> Pages:
    """Choose the block size: as large as it takes for one state to fit into a page."""
    dense = any(isinstance(cache, LatentCache) and not cache.sparse for cache in caches)
    block = serving.block_size or kernel_block(serving, latent=dense)
    if block % KERNEL_STEP:
        raise NotModelled(f"blocks of {block} tokens: kernels take multiples of {KERNEL_STEP}")
    if any(isinstance(cache, LatentCache) and cache.sparse for cache in caches):
        block = serving.block_size or SPARSE_BLOCK
        if block % SPARSE_BLOCK:
            raise NotModelled(f"sparse attention takes blocks of {SPARSE_BLOCK} tokens only")
    sizes = [state_bytes(c, dtype, serving) for c in caches if isinstance(c, RecurrentCache)]
    attention = {cache for cache in caches if not isinstance(cache, RecurrentCache)}
    if not sizes and serving.kv_cache_dtype in TURBOQUANT:
        raise NotModelled("TurboQuant leaves out some layers of a dense model")
    if not sizes or not attention:
        return Pages(block, max(sizes, default=0))
    if len(attention) > 1:
        raise NotModelled("attention of several shapes beside recurrent layers")
    only = attention.pop()
    assert not isinstance(only, RecurrentCache)  # noqa: S101 - for the type checker
    token, state = _token_bytes(only, dtype, serving), max(sizes)
    if not token:
        raise NotModelled("attention that keeps nothing beside recurrent layers")
    unit = block
    if isinstance(only, LatentCache):
        unit = max(block, latent_alignment(serving.version))
    block = max(block, unit * -(-state // (unit * token)))
    return Pages(block, block * token)


def _specs(cache: LayerCache, dtype: str, serving: Serving, pages: Pages) -> Iterator[Spec]:
    """What one layer registers."""
    if isinstance(cache, RecurrentCache):
        size, blocks = state_bytes(cache, dtype, serving), state_blocks(cache, serving)
        block = pages.block if serving.aligned_states else 0
        yield Spec("state", block, pages.state, states=blocks, shape=(cache.kind, size))
        return
    block, page = pages.block, pages.block * _token_bytes(cache, dtype, serving)
    if isinstance(cache, LatentCache):
        yield Spec("full", block, page, shape=("latent", cache.latent, cache.rope))
        if cache.indexer:
            yield Spec("full", block, block * cache.indexer, shape=("indexer",))
        return
    shape = (_heads(cache, serving), cache.head_dim, cache.v_head_dim)
    if isinstance(cache, CrossCache):
        # vLLM 0.32 config/scheduler.py: max_num_encoder_input_tokens are those of a step.
        yield Spec("cross", block, page, serving.max_num_batched_tokens, shape=shape)
    elif cache.window is not None:
        yield Spec("sliding", block, page, cache.window, shape=shape)
    elif cache.chunk is not None:
        yield Spec("chunked", block, page, cache.chunk, shape=shape)
    else:
        yield Spec("full", block, page, shape=shape)


def _token_bytes(cache: TokenCache, dtype: str, serving: Serving) -> int:
    """Bytes of one token in one layer."""
    kept = dtype if serving.kv_cache_dtype == "auto" else serving.kv_cache_dtype
    if isinstance(cache, LatentCache):
        given = serving.kv_cache_dtype
        packed = latent_format(serving.backends, given) if cache.sparse else None
        return latent_bytes(cache, packed or kept, packed=packed is not None)
    return attention_bytes(cache, _heads(cache, serving), kept)


def _heads(cache: AttentionCache | CrossCache, serving: Serving) -> int:
    """KV heads on this rank: at least one, replicated where there are more ranks than heads."""
    ranks = serving.tensor_parallel_size
    if cache.kv_heads < 1 or (cache.kv_heads % ranks and ranks % cache.kv_heads):
        raise NotModelled(f"{cache.kv_heads} KV heads cannot be split over {ranks} GPUs")
    return max(1, cache.kv_heads // ranks)
