"""From a subject and a question to an answer."""

from itertools import pairwise
from pathlib import PurePath

import msgspec
from msgspec.structs import replace

from release.fit.drafting import draft_head
from release.fit.measured import (
    around,
    as_it_ran,
    death,
    loads_the_same,
    log_gpu,
    log_terms,
    may_be_of,
    measure,
)
from release.fit.refusals import refusal
from release.fit.subject import NotEstimated, Subject, for_release
from release.memory.activations import activations, allocated_again, latent_workspace
from release.memory.answer import Answer, Holding, Room, answer
from release.memory.attending import backends_of
from release.memory.budget import (
    CONTEXT,
    Term,
    beside_weights,
    context,
    graphs,
    other,
    share,
    spend,
)
from release.memory.command import write_command
from release.memory.defaults import Settled, settle
from release.memory.gpus import Gpu, native_kernels
from release.memory.logs import EngineLog
from release.memory.model import WIDE, serving_dtype
from release.memory.options import Options
from release.memory.pool import Pool, plan_pool
from release.memory.serving import Serving
from release.memory.versions import NEWEST, is_newer
from release.memory.world import needed_gpus, too_few
from release.unknown import Unknown

CHOOSING_KERNELS = frozenset({"--linear-backend", "--moe-backend", "--kernel-config"})
# What the modules of a model keep beside the tensors that its config implies: float32 routers.
COMPUTED_SLACK = 0.006


class Question(msgspec.Struct, frozen=True):
    """How it is to be served, and on what; `available` is bytes for the cache on each GPU.

    `model` and `rest` are what a command calls the model, and its words that do not count; `notes`
    what is assumed about it beside all else; `refused` why vLLM does not take it, `refused_by`
    the options in `rest` that it does not take. `gpus` is how many there are, where that is said;
    `label` tells it from others that are asked beside it.
    """

    options: Options = Options()
    vllm: str = NEWEST
    gpu: Gpu | None = None
    available: int | None = None
    log: EngineLog | None = None
    model: str | None = None
    rest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str | None = None
    refused_by: frozenset[str] = frozenset()
    gpus: int | None = None
    label: str = ""


class Fit(msgspec.Struct, frozen=True):
    """The whole answer: figures, what they assume, and what to do."""

    answer: Answer
    settled: Settled
    pool: Pool
    question: Question
    command: str
    assumptions: tuple[str, ...]
    kernels: dict[str, str]

    @property
    def longest(self) -> int:
        """The longest request that is asked for, in tokens; with auto the model's own limit."""
        return self.settled.length or self.settled.limit

    def requests(self, length: int) -> tuple[float, float]:
        """Requests of `length` tokens that run at once, at least and at most."""
        return self.held(self.answer.at_least, length), self.held(self.answer.at_most, length)

    def held(self, holding: Holding, length: int) -> float:
        """Requests of `length` tokens that run at once; 0 where one is longer than allowed.

        The cache may hold more than the sequences that vLLM schedules.
        """
        available = holding.available_bytes
        if length > holding.max_model_len or not self.pool.fits(available, length):
            return 0.0
        return min(self.pool.concurrency(available, length), self.settled.sequences)


def solve(subject: Subject, question: Question) -> Fit:
    """Answer a question. Raises `NotEstimated` with the reason where there is no answer."""
    log, options = question.log, question.options
    subject = for_release(subject, question.vllm)
    gpu = question.gpu or (log_gpu(log) if log else None)
    settled = settle(options, question.vllm, gpu, subject.limit, subject.traits)
    measured = None
    if log is not None and question.available is None:
        named = question.gpu is not None
        measured = measure(subject, log, options, settled, gpu, named=named)
        if measured is not None and measured.block is not None:
            serving = replace(settled.serving, block_size=measured.block)
            settled = replace(settled, serving=serving)
    refused = why_refused(subject, question, settled)
    pool = plan_pool(subject.config, subject.architecture, settled.serving)
    unplanned = refused is not None and isinstance(pool, Unknown)
    if unplanned:
        pool = plan_pool(subject.config, subject.architecture, Serving())
    if isinstance(pool, Unknown):
        raise NotEstimated(refused or pool.reason)
    try:
        if unplanned:
            room = Room(0, 0)
        else:
            room = measured.room if measured else _room(subject, question, settled, pool.block)
    except NotEstimated:
        if refused is None:
            raise
        room = Room(0, 0)
    if measured and question.gpu is None and options.max_num_seqs is None and log:
        settled = as_it_ran(settled, log, pool.blocks(room.low))
    return Fit(
        answer=answer(pool, settled, room, refused),
        settled=settled,
        pool=pool,
        question=question,
        command=write_command(question.model or subject.name, options, question.rest),
        assumptions=_assumptions(subject, question, settled),
        kernels=kernels(subject, question.gpu, question.rest),
    )


def why_refused(subject: Subject, question: Question, settled: Settled) -> str | None:
    """Why vLLM takes the question's options on no memory; the subject is for its release."""
    return (
        question.refused
        or refusal(subject, settled, question.options, question.gpu)
        or too_few(question.options, question.rest, question.gpus)
    )


def kernels(subject: Subject, gpu: Gpu | None, rest: tuple[str, ...] = ()) -> dict[str, str]:
    """How vLLM computes each scheme of the checkpoint on this GPU, if no word of `rest` says."""
    if gpu is None:
        return {}
    pairs = pairwise((*rest, ""))
    named = [
        word if "=" in word else f"{word} {value}"
        for word, value in pairs
        if word.partition("=")[0] in CHOOSING_KERNELS
    ]
    said = ", ".join(each for each in named if not each.endswith("auto"))
    before = f"as {said} has it, else " if said else ""
    return {scheme: before + native_kernels(scheme, gpu) for scheme in subject.schemes}


def _room(subject: Subject, question: Question, settled: Settled, block: int) -> Room:
    if question.available is not None:
        term = Term("available", question.available, question.available, "given", "--available")
        return Room(question.available, question.available, (term,))
    log = question.log
    if question.gpu is not None:
        if (question.options.data_parallel_size or 1) > 1 and subject.sparse:
            raise NotEstimated("--data-parallel-size splits experts in ways not modelled")
        return _estimate(subject, question, question.gpu, settled, block)
    if log is None:
        raise NotEstimated(
            "name a GPU (--gpu), its free memory (--available) or a log (--from-log)"
        )
    if log.total_gib is not None and (gpu := log_gpu(log)) is not None:
        return _estimate(subject, question, gpu, settled, block)
    died = ", only that it ran out of memory" if log.out_of_memory else ""
    raise NotEstimated(
        f"the log does not say what was left for the cache{died}: name a GPU (--gpu)"
    )


def _estimate(subject: Subject, question: Question, gpu: Gpu, settled: Settled, block: int) -> Room:
    log = question.log
    serving = settled.serving
    if serving_dtype(subject.config, serving.dtype, serving.compute) == WIDE:
        raise NotEstimated("it runs in float32, and what its weights take then is not modelled")
    weights, shape = subject.weights(settled), subject.shape(settled)
    if isinstance(weights, Unknown):
        raise NotEstimated(weights.reason)
    if isinstance(shape, Unknown):
        raise NotEstimated(shape.reason)
    own = log if log is not None and log.total_gib is not None and may_be_of(log, gpu) else None
    total = around(own.total_gib) if own and own.total_gib else (gpu.low, gpu.high)
    free = around(own.free_gib) if own and own.free_gib is not None else None
    known = log_terms(log) if log and loads_the_same(log, settled, subject.traits) else ()
    loaded = next((term for term in known if term.name == "weights"), None)
    parts: tuple[Term, ...] = (loaded,) if loaded else ()
    if loaded is None:
        padding = subject.padding(settled.serving.tensor_parallel_size)
        loaded = _weights_term(weights.bytes, draft_head(subject, settled), subject, padding)
        parts = (loaded, beside_weights(weights.bytes, shape.tables, settled))
    workspace = latent_workspace(shape, settled, block)
    parts += (other(settled), activations(shape, settled, workspace), graphs(settled, workspace))
    whole = share(total, settled)
    budget = spend(whole, parts)
    return Room(
        budget.low,
        budget.high,
        (*budget.terms, context()),
        physical=(free or total)[0] - loaded.low,
        share=whole.low,
        free=free or (total[0] - CONTEXT[1], total[0] - CONTEXT[0]),
        shared=free is not None,
        again=allocated_again(workspace, settled),
        died=death(subject, own, question.options, settled, gpu) if own else None,
    )


def _weights_term(size: int, head: tuple[int, int], subject: Subject, padding: float) -> Term:
    if subject.computed:
        low, high = size + head[0], int((size + head[1]) * (1 + COMPUTED_SLACK + padding))
        return Term("weights", low, high, "estimated", "computed from config.json")
    if padding:
        return Term("weights", size, int(size * (1 + padding)), "estimated", "padded for kernels")
    return Term("weights", size, size, "exact", "the tensors that are loaded")


def _release(serving: Serving) -> str:
    """The release of vLLM that the answer is for; newer ones than we know are taken as that."""
    newer = is_newer(serving.version)
    return f"vLLM {serving.vllm}" + (f", taken as {NEWEST}, the newest modelled" if newer else "")


def _backend(subject: Subject, serving: Serving) -> str:
    """The attention backend, which settles how large blocks are."""
    if serving.attention_backend is not None:
        return f"attention backend {serving.attention_backend}"
    dtype = serving_dtype(subject.config, serving.dtype, serving.compute)
    names: tuple[str, ...] = ()
    if not isinstance(dtype, Unknown):
        names = backends_of(subject.config, subject.architecture, serving, dtype)
    if names:
        return f"attention backend {' and '.join(names)}, vLLM's choice here"
    return "an attention backend with blocks of 16 tokens (64 for sparse MLA)"


def _assumptions(subject: Subject, question: Question, settled: Settled) -> tuple[str, ...]:
    serving = settled.serving
    found = [_release(serving), _backend(subject, serving)]
    if question.gpu is not None:
        low, high = min(question.gpu.total), max(question.gpu.total)
        span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        found.append(f"{question.gpu.name}: CUDA reports {span} GiB ({question.gpu.source})")
        found.append("nothing else runs on it")
    used = needed_gpus(question.options)
    if question.gpus is not None and used < question.gpus:
        found.append(f"{used} of {question.gpus} GPUs used (-tp takes more)")
    found.append(f"KV cache dtype {serving.kv_cache_dtype}")
    if isinstance(subject.quantization, Unknown):
        found.append(f"nothing about the checkpoint's own KV cache: {subject.quantization.reason}")
    if question.log is not None and (ran := question.log.stated.model):
        last = PurePath(ran).name
        found.append("" if last == PurePath(subject.name).name else f"the log is of {last:.60}")
    mode = "on" if serving.aligned_states else "off"
    found.append(f"prefix caching {mode}" if serving.enable_prefix_caching is not None else "")
    if (engines := question.options.data_parallel_size or 1) > 1:
        found.append(f"the figures of one of {engines} engines, each on its own GPUs")
    if question.options.max_num_seqs is None:
        found.append(f"max_num_seqs {settled.sequences:,}, vLLM's default here")
    if question.options.max_num_batched_tokens is None:
        found.append(f"max_num_batched_tokens {serving.max_num_batched_tokens:,}, the default here")
    if not settled.text_only and subject.config.vision is not None:
        found.append("images are profiled: --language-model-only loads no vision tower")
    return (*filter(None, found), *question.notes)
