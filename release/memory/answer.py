"""Does it start, how long and how many: one answer for one way of serving."""

from typing import Literal

import msgspec

from release.memory.budget import Term
from release.memory.defaults import Settled
from release.memory.pool import Pool
from release.memory.versions import checks_state_blocks
from release.units import binary_bytes

Binding = Literal["weights", "KV cache", "state blocks", "max_num_seqs", "CUDA graph profiling"]


class Room(msgspec.Struct, frozen=True):
    """Bytes a GPU has for the cache, least and most; with the terms that led there.

    `physical` is what is left of the GPU itself beside the weights, if the GPU is known.
    """

    low: int
    high: int
    terms: tuple[Term, ...] = ()
    physical: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """What vLLM does: figures are those of `available_bytes`, the least that there may be.

    `starts` is None where it depends on what is only estimated. Lengths and sizes are tokens.
    """

    starts: bool | None
    why: str
    available_bytes: int
    available_range: tuple[int, int]
    block_size: int
    num_blocks: int
    bytes_per_block: int
    blocks_per_request: int
    tokens: int
    max_concurrency: float
    longest_request: int
    max_model_len: int
    needed_bytes: int
    short_requests: int
    binds: Binding
    terms: tuple[Term, ...] = ()


def answer(pool: Pool, settled: Settled, room: Room) -> Answer:
    """Answer for the least and the most memory that there may be."""
    low, high = max(room.low, 0), max(room.high, 0)
    if settled.cache_bytes is not None:
        low = high = settled.cache_bytes
    longest = pool.longest(low, settled.limit)
    length = settled.length or longest or settled.limit
    problems = [_problem(pool, settled, room, size, length) for size in (low, high)]
    starts = None if bool(problems[0]) != bool(problems[1]) else not problems[0]
    binding, why = problems[0] or _binding(pool, settled, low, length)
    blocks = pool.blocks(low)
    return Answer(
        starts=starts,
        why=why if starts is not None else f"it depends: {why}",
        available_bytes=low,
        available_range=(low, high),
        block_size=pool.block,
        num_blocks=blocks,
        bytes_per_block=max(pool.bytes_per_block),
        blocks_per_request=pool.request_blocks(length),
        tokens=pool.tokens(low, length),
        max_concurrency=pool.concurrency(low, length),
        longest_request=longest,
        max_model_len=length,
        needed_bytes=pool.needed(length),
        short_requests=blocks // pool.request_blocks(1),
        binds=binding,
        terms=room.terms,
    )


def _problem(
    pool: Pool, settled: Settled, room: Room, available: int, length: int
) -> tuple[Binding, str] | None:
    """The first of vLLM's checks that fails, in the order in which it makes them."""
    stateful = any(placed.spec.states for group in pool.groups for placed in group.layers)
    if room.physical is not None and settled.captured:
        rehearsal = min(settled.sequences, settled.captured) * max(pool.bytes_per_block)
        if rehearsal > room.physical:
            what = f"profiling CUDA graphs allocates {binary_bytes(rehearsal)} of cache first"
            left = binary_bytes(max(room.physical, 0))
            return "CUDA graph profiling", f"{what}, one block a sequence; {left} are left"
    if available <= 0:
        return "weights", "nothing of the GPU's share is left for the cache"
    if not pool.fits(available, length):
        needed, has = binary_bytes(pool.needed(length)), binary_bytes(available)
        return "KV cache", f"one request of {length:,} tokens needs {needed}, there are {has}"
    blocks = pool.blocks(available)
    counted = not settled.eager and checks_state_blocks(settled.serving.version)
    if stateful and counted and settled.sequences > blocks:
        what = f"max_num_seqs ({settled.sequences:,}) exceeds the {blocks:,} blocks"
        return "state blocks", f"{what} that recurrent states live in (with CUDA graphs)"
    return None


def _binding(pool: Pool, settled: Settled, available: int, length: int) -> tuple[Binding, str]:
    """What limits the number of requests once it runs."""
    blocks = pool.blocks(available)
    short = blocks // pool.request_blocks(1)
    full = pool.concurrency(available, length)
    text = f"{full:.2f} requests of {length:,} tokens fit"
    if short < settled.sequences:
        stateful = any(placed.spec.states for group in pool.groups for placed in group.layers)
        if stateful:
            return "state blocks", f"{text}; at most {short:,} short ones, by their states"
        return "KV cache", f"{text}; at most {short:,} short ones"
    if full >= settled.sequences:
        return "max_num_seqs", f"{text}; max_num_seqs admits {settled.sequences:,}"
    return "KV cache", text
