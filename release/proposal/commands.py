"""Commands for common GPUs: as vLLM would run them, else with the smallest change that starts."""

import shlex

import msgspec

from release.checkpoint import Checkpoint
from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, subject_of
from release.memory.gpus import find_gpu

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
        found = [fit if fit.answer.starts else smallest_change(subject, fit) for fit in fits]
    except NotEstimated:
        return ()
    return tuple(_command(*each) for each in zip(GPUS, fits, found, strict=True))


def _command(gpu: str, asked: Fit, fit: Fit | None) -> Command:
    if fit is None:
        return Command(gpu, None, asked.answer.why)
    return Command(gpu, tuple(shlex.split(fit.command)[3:]), fit.answer.why)
