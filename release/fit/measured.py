"""What a log of vLLM measured, and whether it holds for what is asked."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from release.fit.subject import NotEstimated, Subject
from release.memory.answer import Room
from release.memory.budget import Term
from release.memory.defaults import BATCHES, Settled, Traits, settle, withholds_all
from release.memory.effects import why_not
from release.memory.gpus import MEMORY_SLACK, Gpu
from release.memory.logs import EngineLog, available_range
from release.memory.options import Options, overlay
from release.memory.pool import Pool, plan_pool
from release.units import GIB
from release.unknown import Unknown

SOURCE = "--from-log"
DIED = "the log ends with CUDA out of memory"
HALF = GIB // 200  # of the last decimal that vLLM prints
# Blocks that attention backends prefer; None is what we take without a log.
BLOCKS = (None, 32, 64, 128, 256)
# Of several GPUs only one may print its memory, and the least counts.
FEWEST_SEQUENCES = BATCHES[-1][1]
LEAST_OF_SEVERAL = 0.8


class Measured(msgspec.Struct, frozen=True):
    """Room that a log measured; `block` is --block-size as the log's backend settled it."""

    room: Room
    block: int | None


def options_of(log: EngineLog, given: Options) -> Options:
    """The options of the start that was logged; what a log does not state is as given."""
    stated = log.stated.options
    return stated if log.stated.complete else overlay(stated, given)


def log_gpu(log: EngineLog) -> Gpu | None:
    """A GPU with the memory that a log states, or at least what it used."""
    if log.total_gib is not None:
        return Gpu("the GPU of the log", (log.total_gib,), SOURCE)
    if log.available_gib is None or log.weights_gib is None:
        return None
    return Gpu("the GPU of the log", (log.available_gib + log.weights_gib,), SOURCE)


def measure(
    subject: Subject,
    log: EngineLog,
    given: Options,
    asked: Settled,
    gpu: Gpu | None,
    *,
    named: bool,
) -> Measured | None:
    """Take the memory for the cache from a log; None if it says nothing of it.

    None too where a GPU was `named` to estimate for, and the log is of another one or of less
    memory than what is asked takes; `NotEstimated` is raised where none was, and where the log's
    own figures are not those of our plan.
    """
    if log.stated.unmodelled:
        what = ", ".join(log.stated.unmodelled)
        raise NotEstimated(f"the log has {what}, which changes the memory in ways not modelled")
    stated = available_range(log)
    if stated is None or (named and gpu is not None and not may_be_of(log, gpu)):
        return None
    own = _as_logged(subject, log, given, asked, gpu)
    low, high, block = _settle(subject, log, own, stated)
    more = [name for name, ours, its in _spending(asked, own) if ours > its]
    if more and log.stated.rest:
        what = f"the log is of less {more[0]} than what is asked"
        raise NotEstimated(f"{what}, and {why_not(log.stated.rest[0])}")
    if more and named:
        return None
    if more:
        raise NotEstimated(f"the log is of less {more[0]} than what is asked: name a GPU (--gpu)")
    less = _spared(asked, own)
    source = f"{SOURCE}, at least: it had more {', '.join(less)}" if less else SOURCE
    terms = (*log_terms(log), Term("available", low, high, "measured", source))
    died = DIED if log.died_of_memory and not less else None
    return Measured(
        Room(low, high, terms, died=died and f"{died}, after the cache was sized"), block
    )


def death(subject: Subject, log: EngineLog, given: Options, asked: Settled, gpu: Gpu) -> str | None:
    """How the log says that what is asked ends; None if that spares some of what was logged."""
    own = _as_logged(subject, log, given, asked, gpu)
    return DIED if log.died_of_memory and not _spared(asked, own) else None


def _as_logged(
    subject: Subject, log: EngineLog, given: Options, asked: Settled, gpu: Gpu | None
) -> Settled:
    version = log.version or asked.serving.vllm
    return settle(options_of(log, given), version, gpu, subject.limit, subject.traits)


def _spared(asked: Settled, own: Settled) -> list[str]:
    return [name for name, ours, its in _spending(asked, own) if ours < its]


def may_be_of(log: EngineLog, gpu: Gpu) -> bool:
    """Whether a log can be of this GPU: by the memory that it states, or by what it used."""
    if log.total_gib is not None:
        low, high = gpu.low * (1 - MEMORY_SLACK), gpu.high * (1 + MEMORY_SLACK)
        return low <= log.total_gib * GIB <= high
    return ((log.available_gib or 0) + (log.weights_gib or 0)) * GIB <= gpu.high


def as_it_ran(settled: Settled, log: EngineLog, blocks: int) -> Settled:
    """Take the sequences that a start must have had that went on with fewer blocks than a default.

    An A100 has that of a small GPU, and no log says which GPU it is from.
    """
    refused = log.state_blocks is not None
    if refused or log.tokens is None or settled.sequences <= blocks:
        return settled
    return replace(settled, sequences=min(settled.sequences, FEWEST_SEQUENCES))


def loads_the_same(log: EngineLog, settled: Settled, traits: Traits) -> bool:
    """Whether each GPU of the log loaded the weights that are asked about."""
    stated, serving = log.stated.options, settled.serving
    return (
        serving.tensor_parallel_size == (stated.tensor_parallel_size or 1)
        and serving.pipeline_parallel_size == (stated.pipeline_parallel_size or 1)
        and serving.num_speculative_tokens == (stated.speculative_tokens or 0)
        and settled.text_only == withholds_all(stated, traits)
        and settled.whole_towers == (stated.mm_encoder_tp_mode == "data")
    )


def around(gib: float) -> tuple[int, int]:
    """Bytes, least and most, of a size as a log prints it."""
    return int(gib * GIB) - HALF, int(gib * GIB) + HALF


def log_terms(log: EngineLog) -> tuple[Term, ...]:
    """Every part of the memory that a log states."""
    parts = (
        ("weights", log.weights_gib),
        ("activation peak", log.peak_gib),
        ("kernels and workspaces", log.other_gib),
        ("CUDA graphs", log.graphs_estimated_gib),
    )
    return tuple(
        Term(name, *around(size), "measured", SOURCE) for name, size in parts if size is not None
    )


def _spending(asked: Settled, own: Settled) -> Iterator[tuple[str, float, float]]:
    """What takes memory from the cache: what is asked, and what was logged."""
    yield "sequences (--max-num-seqs)", asked.sequences, own.sequences
    ours, its = asked.serving, own.serving
    yield "tokens a step", ours.max_num_batched_tokens, its.max_num_batched_tokens
    yield "images", not asked.text_only, not own.text_only
    yield "compilation", not asked.eager, not own.eager
    yield "CUDA graphs", asked.sizes, own.sizes
    yield "drafted tokens", ours.num_speculative_tokens, its.num_speculative_tokens
    yield "memory left free (--gpu-memory-utilization)", -asked.utilization, -own.utilization
    for field in ("tensor_parallel_size", "pipeline_parallel_size"):
        if getattr(ours, field) != getattr(its, field):
            yield f"weights on a GPU ({field})", 1, 0


def _settle(
    subject: Subject, log: EngineLog, own: Settled, stated: tuple[int, int]
) -> tuple[int, int, int | None]:
    """Bytes for the cache: what two decimals leave open, settled by the tokens of the log."""
    low, high = stated
    if max(own.serving.tensor_parallel_size, own.serving.pipeline_parallel_size) > 1:
        low = int(low * LEAST_OF_SEVERAL)
    reason = ""
    for block in (log.kernel_block,) if log.kernel_block else BLOCKS:
        serving = replace(own.serving, block_size=block or own.serving.block_size)
        pool = plan_pool(subject.config, subject.architecture, serving)
        if isinstance(pool, Unknown):
            reason = pool.reason
            continue
        found = _blocks(pool, low, high, log)
        if found and _needs(pool, own, log):
            size = max(pool.bytes_per_block)
            ends = (low, high) if log.tokens is None else (found[0] * size, found[-1] * size)
            return *ends, block
    if reason:
        raise NotEstimated(reason)
    version = "" if log.version else " It does not say its version: name it (--vllm)."
    raise NotEstimated(
        "the log prints other figures than our plan of the same options gives: something in it is"
        f" not modelled, or it is of another model.{version}"
    )


def _blocks(pool: Pool, low: int, high: int, log: EngineLog) -> range:
    """How many blocks within these bytes give the tokens that were printed."""
    size = max(pool.bytes_per_block)
    counts = range(max(low, 0) // size, max(high, 0) // size + 1)
    length = log.length
    if log.tokens is None or length is None:
        return counts

    def printed(count: int) -> int:
        return pool.tokens(count * size, length)

    first = bisect_left(counts, log.tokens, key=printed)
    return counts[first : bisect_right(counts, log.tokens, key=printed)]


def _needs(pool: Pool, own: Settled, log: EngineLog) -> bool:
    """Whether one request needs what an error says that it needs."""
    if log.needed_gib is None or own.length is None:
        return True
    sizes = (size for stage in pool.stage_needs(own.length) for size in stage)
    return any(abs(size - log.needed_gib * GIB) <= HALF + 1 for size in sizes)
