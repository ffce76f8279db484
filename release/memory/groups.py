"""Which layers share a block table, as vLLM groups them.

Source: vLLM 0.32 v1/core/kv_cache_utils.py, get_kv_cache_groups, for layouts in which a layer's
blocks lie together (what every backend but DeepSeek V4's takes).
"""

from collections.abc import Sequence

import msgspec

from release.memory import NotModelled
from release.memory.specs import PlacedSpec, Spec

# Above this ratio of the largest to the smallest bucket, groups are as small as the smallest.
PADDING_LIMIT = 1.5


class Group(msgspec.Struct, frozen=True):
    """Layers that share a block table: one block of it is a page in each of them."""

    layers: tuple[PlacedSpec, ...]

    def blocks(self, length: int, in_flight: int) -> int:
        """Blocks that one request of `length` tokens may hold in this group."""
        return max(request_blocks(placed.spec, length, in_flight) for placed in self.layers)


def request_blocks(spec: Spec, length: int, in_flight: int) -> int:
    """Blocks that one request of `length` tokens may hold in one layer.

    `in_flight` are tokens scheduled and not settled, which windows and chunks must hold too.
    Source: vLLM 0.32 v1/kv_cache_interface.py, max_memory_usage_bytes of each spec.
    """
    if spec.kind == "state":
        return spec.states
    if spec.kind == "sliding":
        return -(-min(spec.span - 1 + in_flight, length) // spec.block) + 1
    if spec.kind == "chunked":
        return -(-min(spec.span + in_flight, length) // spec.block)
    tokens = spec.span if spec.kind == "cross" else length
    return -(-tokens // spec.block)


def group_layers(layers: Sequence[PlacedSpec], *, promote: bool = False) -> tuple[Group, ...]:
    """Split the layers of the whole model; `promote` gives windows and chunks all tokens.

    That is --disable-hybrid-kv-cache-manager. Raises `NotModelled`.
    """
    if promote:
        layers = _promote(layers)
    specs = [placed.spec for placed in layers]
    if not specs:
        return ()
    if _share_slots(specs):
        return (Group(tuple(layers)),)
    if promote:
        raise NotModelled("vLLM cannot manage these layers without the hybrid KV cache manager")
    return _even_groups(_unify_pages(layers))


def _share_slots(specs: Sequence[Spec]) -> bool:
    """Whether all layers always need the same number of token slots."""
    first = specs[0]
    if any(spec.block != first.block or spec.kind != first.kind for spec in specs):
        return False
    if first.kind == "state":
        return all((spec.states, spec.page) == (first.states, first.page) for spec in specs)
    return all(spec.span == first.span for spec in specs)


def _promote(layers: Sequence[PlacedSpec]) -> list[PlacedSpec]:
    blocks = {placed.spec.block for placed in layers if placed.spec.kind == "full"}
    if not blocks or _share_slots([placed.spec for placed in layers]):
        return list(layers)
    found = []
    for placed in layers:
        spec = placed.spec
        if spec.kind in {"sliding", "chunked"}:
            block = min(blocks) if len(blocks) == 1 else spec.block
            page = spec.page // spec.block * block
            spec = msgspec.structs.replace(spec, kind="full", span=0, block=block, page=page)
        found.append(PlacedSpec(placed.layer, spec))
    return found


def _unify_pages(layers: Sequence[PlacedSpec]) -> list[PlacedSpec]:
    """Give every layer the largest page: by larger blocks where that divides, else by padding."""
    page = max(placed.spec.page for placed in layers)
    found = []
    for placed in layers:
        spec = placed.spec
        ratio, rest = divmod(page, spec.page)
        if spec.kind != "state" and not rest:
            spec = msgspec.structs.replace(spec, block=spec.block * ratio)
        elif spec.kind != "state" and spec.shape[:1] == ("latent",):
            raise NotModelled("latent attention beside pages of another size is not modelled")
        found.append(PlacedSpec(placed.layer, msgspec.structs.replace(spec, page=page)))
    return found


def _even_groups(layers: Sequence[PlacedSpec]) -> tuple[Group, ...]:
    """Groups of one size: the smallest bucket's, or the largest's if that pads little."""
    buckets: dict[Spec, list[PlacedSpec]] = {}
    for placed in layers:
        buckets.setdefault(placed.spec, []).append(placed)
    counts = [len(bucket) for bucket in buckets.values()]
    size = min(counts)
    if max(counts) < size * PADDING_LIMIT:
        size = max(counts)
    groups = []
    for bucket in buckets.values():
        number = -(-len(bucket) // size)
        groups += [Group(tuple(bucket[i::number])) for i in range(number)]
    return tuple(groups)
