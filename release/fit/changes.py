"""The smallest change of a command with which it starts."""

from collections.abc import Iterator
from itertools import combinations

from msgspec.structs import replace

from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, Subject
from release.memory.dtypes import FP8
from release.memory.options import AUTO, Options

UTILIZATION = 0.95
FEW = (64, 16, 4)
MOST = 3  # changes at once


def smallest_change(subject: Subject, fit: Fit) -> Fit | None:
    """The fewest changes that make it start, the cheapest of these; None if none do.

    More GPUs are the last resort.
    """
    if fit.answer.starts:
        return None
    singles = list(_candidates(subject, fit))
    for count in range(1, MOST + 1):
        for chosen in combinations(singles, count):
            found = _try(subject, fit.question, {k: v for one in chosen for k, v in one.items()})
            if found is not None:
                return found
    ranks = 2 * fit.settled.serving.tensor_parallel_size
    return _try(subject, fit.question, {"tensor_parallel_size": ranks})


def _candidates(subject: Subject, fit: Fit) -> Iterator[dict[str, object]]:
    """Single changes, from those that cost least to those that cost most."""
    options, answer = fit.question.options, fit.answer
    blocks = answer.num_blocks
    if answer.binds == "state blocks" and blocks:
        yield {"max_num_seqs": blocks - blocks % 8 or blocks}
    for few in FEW:
        if fit.settled.sequences > few:
            yield {"max_num_seqs": few}
    if fit.question.available is None and fit.settled.utilization < UTILIZATION:
        yield {"gpu_memory_utilization": UTILIZATION}
    if subject.config.vision is not None and not options.language_model_only:
        yield {"language_model_only": True}
    if fit.settled.serving.kv_cache_dtype not in FP8:
        yield {"kv_cache_dtype": "fp8"}
    if answer.longest_request or fit.settled.length is not None:
        yield {"max_model_len": AUTO}
    if not options.enforce_eager:
        yield {"enforce_eager": True}


def _try(subject: Subject, question: Question, change: dict[str, object]) -> Fit | None:
    options: Options = replace(question.options, **change)
    try:
        found = solve(subject, replace(question, options=options))
    except NotEstimated:
        return None
    return found if found.answer.starts else None
