"""The pool of blocks that all groups draw from: how many there are, and what fits.

Source: vLLM 0.32 v1/core/kv_cache_utils.py, get_kv_cache_configs and what it calls.
"""

from collections.abc import Sequence

import msgspec

from release.architecture import Architecture, ModelConfig
from release.memory import NotModelled
from release.memory.attending import backends_of
from release.memory.groups import Group, group_layers
from release.memory.model import serving_dtype
from release.memory.serving import Serving
from release.memory.specs import PlacedSpec, build_specs
from release.memory.versions import reserves_null_block, tokens_are_of_one_group
from release.unknown import Unknown


class Pool(msgspec.Struct, frozen=True):
    """How cache memory is cut into blocks, whatever there is of it.

    `bytes_per_block` has one entry a pipeline stage, bytes on each of its GPUs. `block` is the
    smallest block in tokens; 0 if no layer keeps tokens. `in_flight` are tokens.
    """

    groups: tuple[Group, ...]
    bytes_per_block: tuple[int, ...]
    block: int
    in_flight: int
    null_block: bool
    one_group_tokens: bool
    override: int | None

    @property
    def stateful(self) -> bool:
        """Whether any layer keeps a recurrent state."""
        return any(placed.spec.states for group in self.groups for placed in group.layers)

    def request_blocks(self, length: int) -> int:
        """Blocks that one request of `length` tokens may hold at once."""
        return sum(group.blocks(length, self.in_flight) for group in self.groups)

    def stage_needs(self, length: int) -> tuple[tuple[int, int], ...]:
        """Of each pipeline stage the bytes that one request may hold, and that there must be.

        The error of vLLM is of the first stage where that is not so, be it the fullest or not.
        """
        blocks = self.request_blocks(length)
        least = blocks + (1 if self.null_block else 0)
        return tuple((blocks * size, least * size) for size in self.bytes_per_block)

    def blocks(self, available: int) -> int:
        """Blocks in `available` bytes a GPU: what vLLM calls num_gpu_blocks."""
        if self.override is not None:
            return self.override
        return min(max(available, 0) // size for size in self.bytes_per_block)

    def concurrency(self, available: int, length: int) -> float:
        """Requests of `length` tokens that fit: vLLM's maximum concurrency."""
        return self.blocks(available) / self.request_blocks(length)

    def tokens(self, available: int, length: int) -> int:
        """What vLLM prints as the size of the KV cache, in tokens."""
        blocks = self.blocks(available)
        if self.one_group_tokens:
            return blocks // len(self.groups) * self.block
        return int(blocks / self.request_blocks(length) * length)

    def fits(self, available: int, length: int) -> bool:
        """Whether vLLM starts with max_model_len `length`."""
        usable = min(self._whole(available, size) for size in self.bytes_per_block)
        return usable > 0 and self.request_blocks(length) <= usable

    def longest(self, available: int, limit: int) -> int:
        """The longest single request up to `limit` tokens, as --max-model-len auto; or 0."""
        if not self.fits(available, 1):
            return 0
        low, high = 1, max(limit, 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.fits(available, middle):
                low = middle
            else:
                high = middle - 1
        return low

    def needed(self, length: int) -> int:
        """The least available bytes a GPU with which vLLM starts at `length`."""
        return max(needed for _, needed in self.stage_needs(length))

    def _whole(self, available: int, size: int) -> int:
        if self.override is not None:
            available = self.override * size
        return (available - (size if self.null_block else 0)) // size


def plan_pool(config: ModelConfig, architecture: Architecture, serving: Serving) -> Pool | Unknown:
    """Plan the cache of a model as vLLM does. `serving.kv_cache_dtype` "auto" is the model's dtype.

    `NotModelled` becomes Unknown here.
    """
    dtype = serving_dtype(config, serving.dtype, serving.compute)
    caches = architecture.caches
    if isinstance(dtype, Unknown):
        return dtype
    if isinstance(caches, Unknown):
        return caches
    backends = backends_of(config, architecture, serving, dtype)
    serving = msgspec.structs.replace(serving, backends=backends)
    try:
        layers = build_specs(caches, dtype, serving, architecture.drafting_layers)
        return _pool(layers, architecture.layers, serving)
    except NotModelled as gap:
        return Unknown(f"not modelled: {gap}")


def _pool(layers: Sequence[PlacedSpec], count: int, serving: Serving) -> Pool:
    groups = group_layers(layers, promote=serving.disable_hybrid_kv_cache_manager)
    if not groups:
        raise NotModelled("no layer keeps a cache")
    stages = pipeline_stages(count, serving.pipeline_parallel_size)
    sizes = tuple(_stage_bytes(groups, stage) for stage in stages)
    if not all(sizes):
        raise NotModelled("a pipeline stage without any cache")
    blocks = [placed.spec.block for group in groups for placed in group.layers if placed.spec.block]
    return Pool(
        groups=groups,
        bytes_per_block=sizes,
        block=min(blocks, default=0),
        in_flight=serving.tokens_in_flight,
        null_block=reserves_null_block(serving.version),
        one_group_tokens=tokens_are_of_one_group(serving.version),
        override=serving.num_gpu_blocks_override,
    )


def pipeline_stages(layers: int, stages: int) -> tuple[range, ...]:
    """Decoder layers of each pipeline stage; the last has the MTP head too.

    Source: vLLM 0.32 distributed/utils.py, get_pp_indices: the rest goes to the stages before
    the last. Raises `NotModelled`.
    """
    if stages > layers:
        raise NotModelled(f"{layers} layers cannot be split over {stages} pipeline stages")
    sizes = [layers // stages] * stages
    for back in range(2, layers % stages + 2):
        sizes[-back] += 1
    found, start = [], 0
    for stage, size in enumerate(sizes):
        end = start + size
        found.append(range(start, end if stage < stages - 1 else max(end, 1 << 30)))
        start = end
    return tuple(found)


def _stage_bytes(groups: Sequence[Group], stage: range) -> int:
    return max(
        sum(placed.spec.page for placed in group.layers if placed.layer in stage)
        for group in groups
    )
