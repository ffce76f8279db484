"""What every layer keeps in one block, on one tensor-parallel rank."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from release.architecture.attention import AttentionCache
from release.architecture.family import Caches, LayerCache
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.memory.dtypes import attention_bytes, latent_bytes
from release.memory.serving import DEFAULT_BLOCK, Serving
from release.memory.states import state_bytes, state_blocks
from release.unknown import Unknown

LATENT_ALIGNMENT = 128  # blocks of hybrids with latent attention are multiples of it
SPARSE_BLOCK = 64  # of the kernels for an indexer's choice of tokens

Kind = Literal["full", "sliding", "chunked", "state"]


class Spec(msgspec.Struct, frozen=True):
    """One layer's cache: `page` bytes for each block of `block` tokens (0 for a state).

    `span` is the window or chunk in tokens, `states` how many blocks one sequence's state takes.
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


def build_specs(
    caches: Caches, dtype: str, serving: Serving, mtp_layers: int = 0
) -> tuple[PlacedSpec, ...] | Unknown:
    """The spec of every layer that keeps something, in the order in which vLLM registers them.

    `dtype` is the model's. Sources: vLLM 0.32 layers/attention, layers/mamba/abstract.py,
    platforms/interface.py (_align_hybrid_block_size).
    """
    if serving.kv_cache_dtype != "auto" and serving.kv_cache_dtype.startswith("turboquant"):
        if not any(isinstance(cache, RecurrentCache) for cache in caches):
            return Unknown("TurboQuant leaves out some layers of a dense model: not modelled")
    layers = [(i, cache) for i, cache in enumerate(caches) if cache is not None]
    if serving.num_speculative_tokens and mtp_layers:
        attention = [cache for _, cache in layers if not isinstance(cache, RecurrentCache)]
        if not attention:
            return Unknown("the cache of this model's MTP head is not modelled")
        layers += [(len(caches) + i, attention[-1]) for i in range(mtp_layers)]
    rank = _Rank(dtype, serving)
    problem = rank.align([cache for _, cache in layers])
    if problem is not None:
        return problem
    placed: list[PlacedSpec] = []
    for index, cache in layers:
        for spec in rank.specs(cache):
            if isinstance(spec, Unknown):
                return spec
            placed.append(PlacedSpec(index, spec))
    return tuple(placed)


class _Rank:
    """Sizes on one tensor-parallel rank, and the block size that they agree on."""

    def __init__(self, dtype: str, serving: Serving) -> None:
        self.serving = serving
        self.dtype = dtype
        self.kv_dtype = dtype if serving.kv_cache_dtype == "auto" else serving.kv_cache_dtype
        self.block = serving.block_size or DEFAULT_BLOCK
        self.state_page = 0

    def align(self, caches: Sequence[LayerCache]) -> Unknown | None:
        """Choose the block size: as large as it takes for one state to fit into a page."""
        if any(isinstance(cache, LatentCache) and cache.sparse for cache in caches):
            self.block = max(self.block, SPARSE_BLOCK)
        states = [cache for cache in caches if isinstance(cache, RecurrentCache)]
        attention = [cache for cache in caches if not isinstance(cache, RecurrentCache)]
        if not states:
            return None
        sizes = {state_bytes(cache, self.dtype, self.serving) for cache in states}
        broken = next((size for size in sizes if isinstance(size, Unknown)), None)
        if broken is not None:
            return broken
        state = max(size for size in sizes if isinstance(size, int))
        self.state_page = state
        if not attention:
            return None
        if len(set(attention)) > 1:
            return Unknown("attention of several shapes beside recurrent layers is not modelled")
        token = self.token_bytes(attention[0])
        if isinstance(token, Unknown):
            return token
        unit = self.block
        if isinstance(attention[0], LatentCache):
            unit = max(unit, LATENT_ALIGNMENT)
        self.block = max(self.block, unit * -(-state // (unit * token)))
        self.state_page = self.block * token
        return None

    def specs(self, cache: LayerCache) -> tuple[Spec | Unknown, ...]:
        """What one layer registers."""
        if isinstance(cache, RecurrentCache):
            return (self._state(cache),)
        token = self.token_bytes(cache)
        if isinstance(token, Unknown):
            return (token,)
        page = self.block * token
        if isinstance(cache, LatentCache):
            latent = Spec("full", self.block, page, shape=("latent", cache.latent, cache.rope))
            if not cache.indexer:
                return (latent,)
            return Spec("full", self.block, self.block * cache.indexer, shape=("indexer",)), latent
        shape = (self.heads(cache), cache.head_dim, cache.v_head_dim)
        if cache.window is not None:
            return (Spec("sliding", self.block, page, cache.window, shape=shape),)
        if cache.chunk is not None:
            return (Spec("chunked", self.block, page, cache.chunk, shape=shape),)
        return (Spec("full", self.block, page, shape=shape),)

    def token_bytes(self, cache: AttentionCache | LatentCache) -> int | Unknown:
        """Bytes of one token in one layer."""
        if isinstance(cache, LatentCache):
            return latent_bytes(cache, self.kv_dtype)
        size = self.serving.tensor_parallel_size
        if cache.kv_heads % size and size % cache.kv_heads:
            return Unknown(f"{cache.kv_heads} KV heads cannot be split over {size} GPUs")
        return attention_bytes(cache, self.heads(cache), self.kv_dtype)

    def heads(self, cache: AttentionCache) -> int:
        """KV heads on this rank: at least one, replicated where there are more ranks than heads."""
        return max(1, cache.kv_heads // self.serving.tensor_parallel_size)

    def _state(self, cache: RecurrentCache) -> Spec | Unknown:
        size = state_bytes(cache, self.dtype, self.serving)
        blocks = state_blocks(cache, self.serving)
        if isinstance(size, Unknown):
            return size
        if isinstance(blocks, Unknown):
            return blocks
        block = self.block if self.serving.aligned_states else 0
        return Spec("state", block, self.state_page, states=blocks, shape=(cache.kind, size))
