"""From a subject and a question to an answer."""

import msgspec

from release.fit.subject import NotEstimated, Subject
from release.memory.activations import activations
from release.memory.answer import Answer, Room, answer
from release.memory.budget import Term, beside_weights, graphs, other, share, spend
from release.memory.defaults import Settled, settle
from release.memory.gpus import Gpu, native_kernels
from release.memory.logs import EngineLog, available_range
from release.memory.options import Options, write_command
from release.memory.pool import Pool, plan_pool
from release.memory.versions import NEWEST
from release.units import GIB
from release.unknown import Unknown

# What the modules of a model keep beside the tensors that its config implies: float32 routers.
COMPUTED_SLACK = 0.006


class Question(msgspec.Struct, frozen=True):
    """How it is to be served, and on what; `available` is bytes for the cache on each GPU."""

    options: Options = Options()
    vllm: str = NEWEST
    gpu: Gpu | None = None
    available: int | None = None
    log: EngineLog | None = None


class Fit(msgspec.Struct, frozen=True):
    """The whole answer: figures, what they assume, and what to do."""

    answer: Answer
    settled: Settled
    pool: Pool
    question: Question
    command: str
    assumptions: tuple[str, ...]
    kernels: dict[str, str]


def solve(subject: Subject, question: Question) -> Fit:
    """Answer a question. Raises `NotEstimated` with the reason where there is no answer."""
    settled = settle(
        question.options,
        question.vllm,
        question.gpu,
        subject.limit,
        calibrated=subject.calibrated,
    )
    pool = plan_pool(subject.config, subject.architecture, settled.serving)
    if isinstance(pool, Unknown):
        raise NotEstimated(pool.reason)
    room = _room(subject, question, settled, pool)
    return Fit(
        answer=answer(pool, settled, room),
        settled=settled,
        pool=pool,
        question=question,
        command=write_command(subject.name, question.options),
        assumptions=_assumptions(subject, question, settled),
        kernels=kernels(subject, question.gpu),
    )


def kernels(subject: Subject, gpu: Gpu | None) -> dict[str, str]:
    """How vLLM computes each scheme of the checkpoint on this GPU."""
    if gpu is None:
        return {}
    schemes = {module.known_scheme.name for module in subject.modules if module.known_scheme}
    return {scheme: native_kernels(scheme, gpu) for scheme in sorted(schemes)}


def _room(subject: Subject, question: Question, settled: Settled, pool: Pool) -> Room:
    if question.available is not None:
        term = Term("available", question.available, question.available, "given", "--available")
        return Room(question.available, question.available, (term,))
    measured = _measured(question.log, pool) if question.log else None
    if measured is not None:
        return Room(*measured, (Term("available", *measured, "measured", "--from-log"),))
    if question.gpu is None:
        raise NotEstimated(
            "name a GPU (--gpu), its free memory (--available) or a log (--from-log)"
        )
    return _estimate(subject, question.gpu, settled, question.log)


def _measured(log: EngineLog, pool: Pool) -> tuple[int, int] | None:
    """Bytes for the cache by a log: what its two decimals leave open, settled by its tokens."""
    found = available_range(log)
    if found is None or log.tokens is None or log.length is None:
        return found
    size = max(pool.bytes_per_block)
    low, high = found
    blocks = range(low // size, high // size + 1)
    exact = [n * size for n in blocks if pool.tokens(n * size, log.length) == log.tokens]
    return (exact[0], exact[0]) if len(exact) == 1 else found


def _estimate(subject: Subject, gpu: Gpu, settled: Settled, log: EngineLog | None) -> Room:
    weights, shape = subject.weights(settled), subject.shape(settled)
    if isinstance(weights, Unknown):
        raise NotEstimated(weights.reason)
    if isinstance(shape, Unknown):
        raise NotEstimated(shape.reason)
    whole = share((gpu.low, gpu.high), settled)
    loaded = _weights_term(weights.bytes, log, computed=subject.computed)
    beside = () if loaded.basis == "measured" else (beside_weights(weights.bytes, shape.tables),)
    parts = (loaded, *beside, other(settled), activations(shape, settled), graphs(settled))
    budget = spend(whole, parts)
    return Room(budget.low, budget.high, budget.terms, gpu.low - loaded.low)


def _weights_term(size: int, log: EngineLog | None, *, computed: bool) -> Term:
    if log is not None and log.weights_gib is not None:
        low, high = (int((log.weights_gib + slack) * GIB) for slack in (-0.005, 0.005))
        return Term("weights", low, high, "measured", "--from-log")
    if computed:
        high = int(size * (1 + COMPUTED_SLACK))
        return Term("weights", size, high, "estimated", "computed from config.json")
    return Term("weights", size, size, "exact", "the tensors that are loaded")


def _assumptions(subject: Subject, question: Question, settled: Settled) -> tuple[str, ...]:
    serving = settled.serving
    found = [f"vLLM {serving.vllm}", "a CUDA backend with blocks of 16 tokens (64 for sparse MLA)"]
    if question.gpu is not None:
        low, high = min(question.gpu.total), max(question.gpu.total)
        span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        found.append(f"{question.gpu.name}: CUDA reports {span} GiB ({question.gpu.source})")
    found.append(f"KV cache dtype {serving.kv_cache_dtype}")
    mode = "on" if serving.aligned_states else "off"
    found.append(f"prefix caching {mode}" if serving.enable_prefix_caching is not None else "")
    if question.options.max_num_seqs is None:
        found.append(f"max_num_seqs {settled.sequences:,}, vLLM's default here")
    if question.options.max_num_batched_tokens is None:
        found.append(f"max_num_batched_tokens {serving.max_num_batched_tokens:,}, the default here")
    if not settled.text_only and subject.config.vision is not None:
        found.append("images are profiled: --language-model-only loads no vision tower")
    return tuple(filter(None, found))
