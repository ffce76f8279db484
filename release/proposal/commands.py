"""Commands for common GPUs: as vLLM would run them, else with the smallest change that starts."""

import shlex

import msgspec
from msgspec.structs import replace

from release.checkpoint import Checkpoint
from release.fit.changes import UTILIZATION, smallest_change
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, Subject, subject_of
from release.memory.gpus import find_gpu
from release.memory.options import AUTO, Options

COMFORTABLE = 32_768  # tokens
FEW, STEP = 4, 2048  # requests at once, tokens a step
GPUS = ("RTX 5090", "RTX PRO 6000 Blackwell", "H100 80GB")


class Command(msgspec.Struct, frozen=True):
    """Arguments with which it starts on a GPU, and what they hold; none: `why` it does not."""

    gpu: str
    args: tuple[str, ...] | None
    why: str


def propose_commands(checkpoint: Checkpoint) -> tuple[Command, ...]:
    """One command for each GPU; none where the model's memory is not known."""
    try:
        subject = subject_of(checkpoint, "model")
        fits = [solve(subject, Question(gpu=find_gpu(name))) for name in GPUS]
        found = [_best(subject, fit) for fit in fits]
    except NotEstimated:
        return ()
    return tuple(_command(*each) for each in zip(GPUS, fits, found, strict=True))


def _best(subject: Subject, fit: Fit) -> Fit | None:
    """As it is, else the smallest change that leaves a comfortable length, else the longest."""
    first = fit if fit.answer.starts else smallest_change(subject, fit)
    found = [] if first is None else [first]
    for change in _roomier(subject):
        if found and found[-1].answer.at_least.longest_request >= min(COMFORTABLE, subject.limit):
            break
        try:
            found.append(solve(subject, replace(fit.question, options=change)))
        except NotEstimated:
            continue
    starting = [each for each in found if each.answer.starts]
    return max(starting, key=lambda each: each.answer.at_least.longest_request, default=None)


def _roomier(subject: Subject) -> tuple[Options, ...]:
    """Few requests at once in small steps, without images; then with an FP8 cache too."""
    text_only = True if subject.config.vision is not None else None
    few = Options(
        max_model_len=AUTO,
        max_num_seqs=FEW,
        max_num_batched_tokens=STEP,
        gpu_memory_utilization=UTILIZATION,
        language_model_only=text_only,
    )
    return few, replace(few, kv_cache_dtype="fp8")


def _command(gpu: str, asked: Fit, fit: Fit | None) -> Command:
    if fit is None:
        return Command(gpu, None, asked.answer.why)
    return Command(gpu, tuple(shlex.split(fit.command)[3:]), fit.answer.why)
