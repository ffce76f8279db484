"""The smallest change of a command with which it starts."""

import math
from collections.abc import Iterator
from itertools import combinations

from msgspec.structs import replace

from release.fit.solve import Fit, Question, solve
from release.fit.splitting import Ranks, cannot_split
from release.fit.subject import NotEstimated, Subject
from release.memory.dtypes import FP8
from release.memory.logs import EngineLog
from release.memory.model import AMPERE
from release.memory.options import AUTO
from release.memory.values import without
from release.memory.world import needed_gpus

UTILIZATION = 0.95
LAST = 0.005  # GiB: half of the last decimal that a log prints
FEW = (64, 16, 4)
MOST = 3  # changes at once
MORE_GPUS, ONE_HOST = (2, 4, 8), 8  # times as many, without words for several hosts
LEAST = 2048  # tokens, which more GPUs are better than

# Options without which vLLM may take the rest.
DROPPED = (
    *("attention_backend", "enable_expert_parallel", "speculative_tokens", "dtype"),
    *("kv_cache_dtype", "enable_chunked_prefill", "max_num_batched_tokens"),
    "max_cudagraph_capture_size",
)

Change = dict[str, object]


def smallest_change(subject: Subject, fit: Fit) -> Fit | None:
    """The changes that cost least of what was asked for and make it start; None if none do.

    Every candidate is answered as the question was, so what is returned starts by the same model.
    More GPUs are the last resort but for a length of no use.
    """
    if fit.answer.starts:
        return None
    if fit.question.refused:
        return _without_refused(subject, fit.question)
    singles = [*_on_fewer(subject, fit), *_without(fit), *_candidates(subject, fit)]
    choices = [
        (sum(cost for cost, _ in chosen), count, [change for _, change in chosen])
        for count in range(1, MOST + 1)
        for chosen in combinations(singles, count)
        if len({name for _, change in chosen for name in change}) == sum(len(c) for _, c in chosen)
    ]
    short = None
    for _, _, chosen in sorted(choices, key=lambda choice: choice[:2]):
        found = _try(subject, fit.question, {k: v for one in chosen for k, v in one.items()})
        if found is not None and found.answer.at_least.longest_request >= min(LEAST, fit.longest):
            return found
        short = short or found
    if fit.question.log is not None and fit.question.log.free_gib is not None:
        return short  # what the others have free is not known
    ranks = fit.settled.serving.tensor_parallel_size
    wider = ({"tensor_parallel_size": n} for times in MORE_GPUS if (n := ranks * times) <= ONE_HOST)
    tries = (_try(subject, fit.question, dict(change)) for change in wider)
    return next(filter(None, tries), short)


def _without_refused(subject: Subject, question: Question) -> Fit | None:
    """Leave out the options that are not taken, and what else it then needs."""
    rest = without(question.rest, question.refused_by)
    if rest == question.rest:
        return None
    asked = replace(question, refused=None, refused_by=frozenset(), rest=rest)
    try:
        found = solve(subject, asked)
    except NotEstimated:
        return None
    return found if found.answer.starts else smallest_change(subject, found)


def _on_fewer(subject: Subject, fit: Fit) -> Iterator[tuple[int, Change]]:
    """As many GPUs as there are, and as share heads and blocks, where the command takes more.

    Experts that cannot be cut may be kept whole.
    """
    options, there = fit.question.options, fit.question.gpus
    over = there is not None and needed_gpus(options) > there
    ranks = fit.settled.serving.tensor_parallel_size
    most = there if over and there else ranks
    whole = bool(options.enable_expert_parallel)
    if subject.sparse and not whole and not _uneven(subject, fit, most, whole=True):
        yield 0, {"enable_expert_parallel": True}
    even = (n for n in range(most, 0, -1) if not _uneven(subject, fit, n, whole=whole))
    fewer = next(even, ranks)
    if over or fewer < ranks:
        one = {"pipeline_parallel_size": None, "data_parallel_size": None} if over else {}
        yield 0, {"tensor_parallel_size": fewer, **one}


def _uneven(subject: Subject, fit: Fit, count: int, *, whole: bool) -> bool:
    ranks = Ranks(count, whole, fit.settled.serving.version)
    return bool(cannot_split(subject.config, subject.architecture, subject.parts, ranks))


def _without(fit: Fit) -> Iterator[tuple[int, Change]]:
    """Leave out an option, where vLLM refuses one."""
    if fit.answer.binds == "options":
        if fit.question.options.draft_unstated:
            yield 0, {"draft_unstated": None}  # the command that is written says one token
        for name in DROPPED:
            if getattr(fit.question.options, name) is not None:
                yield 2, {name: None}
        serving = fit.settled.serving
        old = serving.compute is not None and serving.compute < AMPERE
        yield 3, {"kv_cache_dtype": "float16" if old else "bfloat16"}


def _candidates(subject: Subject, fit: Fit) -> Iterator[tuple[int, Change]]:
    """Single changes, and what each costs: room for chats, speed, precision, images, length."""
    answer = fit.answer
    blocks = answer.at_least.num_blocks
    if answer.binds == "state blocks" and blocks:
        yield 1, {"max_num_seqs": blocks - blocks % 8 or blocks}
    tokens = fit.settled.serving.max_num_batched_tokens
    if answer.binds == "options" and tokens < fit.settled.sequences:
        yield 1, {"max_num_seqs": tokens}
    for cost, few in enumerate(FEW, 2):
        if fit.settled.sequences > few:
            yield cost, {"max_num_seqs": few}
    share = largest_share(fit.question.log) or UTILIZATION
    apart = fit.settled.utilization != share
    if fit.question.available is None and (apart or answer.binds == "GPU share"):
        yield 1, {"gpu_memory_utilization": share}
    if not fit.settled.eager:
        yield 4, {"enforce_eager": True}
    if fit.settled.serving.kv_cache_dtype not in FP8:
        yield 5, {"kv_cache_dtype": "fp8"}
    if subject.config.vision is not None and not fit.settled.text_only:
        yield 6, {"language_model_only": True}
    if answer.at_most.longest_request or fit.settled.length is not None:
        yield 12, {"max_model_len": AUTO}


def largest_share(log: EngineLog | None) -> float | None:
    """The most --gpu-memory-utilization for what a log says is free; None if it does not."""
    if log is None or not log.total_gib or log.free_gib is None:
        return None
    return max(math.floor(100 * (log.free_gib - LAST) / (log.total_gib + LAST)), 1) / 100


def _try(subject: Subject, question: Question, change: Change) -> Fit | None:
    try:
        options = replace(question.options, **change)
        found = solve(subject, replace(question, options=options))
    except NotEstimated:
        return None
    return found if found.answer.starts else None
