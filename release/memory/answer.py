"""Does it start, how long and how many: one answer for one way of serving."""

from typing import Literal

import msgspec

from release.memory.budget import Term
from release.memory.defaults import Settled
from release.memory.pool import Pool
from release.memory.versions import checks_state_blocks, rehearsed_blocks
from release.units import binary_bytes

Binding = Literal[
    "weights",
    "KV cache",
    "state blocks",
    "max_num_seqs",
    "CUDA graph profiling",
    "GPU share",
    "GPU memory",
    "options",
]
Problem = tuple[Binding, str]


class Room(msgspec.Struct, frozen=True):
    """Bytes a GPU has for the cache, least and most; with the terms that led there.

    `physical` is what is left of the GPU itself beside the weights, `share` what vLLM asks for when
    it starts, and `free` the least and most that there is then; None where the GPU is not known.
    `shared` says that something else was seen to use the GPU; `died` how this very start was seen
    to run out of memory. `again` is what may be allocated once more when the cache is there.
    """

    low: int
    high: int
    terms: tuple[Term, ...] = ()
    physical: int | None = None
    share: int | None = None
    free: tuple[int, int] | None = None
    shared: bool = False
    died: str | None = None
    again: int = 0


class Holding(msgspec.Struct, frozen=True):
    """What a cache holds. Sizes are bytes, lengths tokens.

    `tokens` is what vLLM prints as the size of its cache; `short_requests` take the least blocks,
    and are at most the sequences that it schedules.
    """

    available_bytes: int
    num_blocks: int
    tokens: int
    max_concurrency: float
    longest_request: int
    short_requests: int
    max_model_len: int


class Answer(msgspec.Struct, frozen=True):
    """What vLLM does: `at_least` and `at_most` are for the least and the most memory there may be.

    `starts` is None where it depends on what is only estimated. Lengths and sizes are tokens.
    """

    starts: bool | None
    why: str
    at_least: Holding
    at_most: Holding
    block_size: int
    bytes_per_block: int
    blocks_per_request: int
    needed_bytes: int
    binds: Binding
    terms: tuple[Term, ...] = ()

    @property
    def available_range(self) -> tuple[int, int]:
        """Bytes for the cache, least and most."""
        return self.at_least.available_bytes, self.at_most.available_bytes


def answer(pool: Pool, settled: Settled, room: Room, refusal: str | None = None) -> Answer:
    """Answer for the least and the most memory; `refusal` is why vLLM refuses the options."""
    low, high = max(room.low, 0), max(room.high, 0)
    if settled.cache_bytes is not None:
        low = high = settled.cache_bytes
    least, most = hold(pool, settled, low), hold(pool, settled, high)
    problems: list[Problem | None] = [
        ("options", refusal) if refusal else _problem(pool, settled, room, held, best=best)
        for held, best in ((least, False), (most, True))
    ]
    worst, best = problems
    binding, why = best or worst or _binding(pool, settled, least)
    starts = None if bool(worst) != bool(best) else not worst
    return Answer(
        starts=starts,
        why=why if starts is not None else f"it depends: {why}",
        at_least=least,
        at_most=most,
        block_size=pool.block,
        bytes_per_block=max(pool.bytes_per_block),
        blocks_per_request=pool.request_blocks(least.max_model_len),
        needed_bytes=pool.needed(least.max_model_len),
        binds=binding,
        terms=room.terms,
    )


def hold(pool: Pool, settled: Settled, available: int) -> Holding:
    """What `available` bytes on each GPU hold."""
    longest = pool.longest(available, max(settled.limit, settled.length or 0))
    length = settled.length or longest or settled.limit
    blocks = pool.blocks(available)
    return Holding(
        available_bytes=available,
        num_blocks=blocks,
        tokens=pool.tokens(available, length),
        max_concurrency=pool.concurrency(available, length),
        longest_request=longest,
        short_requests=min(blocks // pool.request_blocks(1), settled.sequences),
        max_model_len=length,
    )


def _problem(
    pool: Pool, settled: Settled, room: Room, held: Holding, *, best: bool
) -> Problem | None:
    """The first of vLLM's checks that fails, in the order in which it makes them."""
    found = (
        _over_share(room, best=best)
        or _over_weights(room)
        or _over_rehearsal(pool, settled, room)
        or _over_cache(pool, settled, held, "at most " if best and room.low < room.high else "")
    )
    if found is None and room.died:
        return "GPU memory", room.died
    return found or (None if best else _over_beside(room))


def _over_share(room: Room, *, best: bool) -> Problem | None:
    """Source: vLLM 0.32 v1/worker/utils.py, request_memory."""
    if room.share is None or room.free is None:
        return None
    free = room.free[1] if best else room.free[0]
    if room.share <= free:
        return None
    asked, left = binary_bytes(room.share), binary_bytes(free)
    what = f"the share of {asked} is more than the {left} that are free at the start"
    return "GPU share", f"{what}: something else uses the GPU" if room.shared else what


def _over_beside(room: Room) -> Problem | None:
    """Seen in tests/golden/logs: what profiling left free was in pieces too small to be used."""
    if room.share is None or room.free is None or room.again <= room.free[0] - room.share:
        return None
    asked, left = binary_bytes(room.again), binary_bytes(max(room.free[0] - room.share, 0))
    what = f"the warm-up may allocate {asked} more when the cache is there"
    return "GPU memory", f"{what}, {left} are left beside vLLM's share"


def _over_weights(room: Room) -> Problem | None:
    if room.physical is None or room.physical > 0:
        return None
    over = binary_bytes(-room.physical)
    return "weights", f"the weights alone are {over} more than the GPU has"


def _over_rehearsal(pool: Pool, settled: Settled, room: Room) -> Problem | None:
    """CUDA graphs are profiled with a small cache, before the real one's size is known."""
    blocks = rehearsed_blocks(
        settled.serving.version, settled.sequences, settled.captured, stateful=pool.stateful
    )
    size = max(pool.bytes_per_block)
    rehearsal = blocks * size
    if room.physical is None:
        return None
    asked = pool.override * size if pool.override is not None else settled.cache_bytes or 0
    if asked > room.physical:
        left = binary_bytes(room.physical)
        return "KV cache", f"the cache asked for takes {binary_bytes(asked)}, there are {left}"
    if rehearsal <= room.physical:
        return None
    what = f"profiling CUDA graphs allocates {binary_bytes(rehearsal)} of cache first"
    left = binary_bytes(max(room.physical, 0))
    return "CUDA graph profiling", f"{what}, {blocks} blocks; {left} are left beside the weights"


def _over_cache(pool: Pool, settled: Settled, held: Holding, most: str) -> Problem | None:
    available, length = held.available_bytes, held.max_model_len
    if available <= 0:
        return "weights", "nothing of the GPU's share is left for the cache"
    if not pool.fits(available, length):
        needed, has = binary_bytes(pool.needed(length)), binary_bytes(available)
        if pool.override is not None:
            needed, has = f"{pool.request_blocks(length):,} blocks", f"{pool.override:,}"
        elif needed == has:
            needed, has = f"{pool.needed(length):,} bytes", f"{available:,}"
        return "KV cache", f"one request of {length:,} tokens needs {needed}, there are {most}{has}"
    counted = settled.graphs == "full" and checks_state_blocks(settled.serving.version)
    if pool.stateful and counted and settled.sequences > held.num_blocks:
        what = f"max_num_seqs ({settled.sequences:,}) exceeds the {held.num_blocks:,} blocks"
        return "state blocks", f"{what} that recurrent states live in (with CUDA graphs)"
    return None


def _binding(pool: Pool, settled: Settled, held: Holding) -> Problem:
    """What limits the number of requests once it runs."""
    short, full = held.short_requests, held.max_concurrency
    text = f"{full:.2f} requests of {held.max_model_len:,} tokens fit"
    if short < settled.sequences:
        if pool.stateful:
            return "state blocks", f"{text}; at most {short:,} short ones, by their states"
        return "KV cache", f"{text}; at most {short:,} short ones"
    if full >= settled.sequences:
        return "max_num_seqs", f"{text}; max_num_seqs admits {settled.sequences:,}"
    return "KV cache", text
