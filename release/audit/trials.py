"""Commands and claims of a card, tried by vLLM's own arithmetic on the GPUs they name."""

import math
import re
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from release.audit.mentions import Mentions
from release.audit.places import Machine
from release.audit.serving import Serving
from release.audit.shell import Shell
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.fit.audit import ask, lacking, release_of
from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question, solve, why_refused
from release.fit.subject import NotEstimated, Subject, for_release, subject_of
from release.memory.command import Command, parse_command
from release.memory.defaults import settle
from release.memory.gpus import all_gpus
from release.memory.options import Options
from release.memory.pasted import served_words
from release.memory.versions import NEWEST, is_newer, parse_version
from release.unknown import Unknown

LEAST = 512  # tokens of a context that is of some use
CHANGED = re.compile(r": it (?:came|went) with ")
STEP = 2048  # tokens: vLLM takes no fewer than sequences
SMALL_FIRST = ("fp8", "auto")
UTMOST = 0.97  # of a GPU: more never starts beside a driver and a CUDA context


class Trial(msgspec.Struct, frozen=True):
    """A `vllm serve` command: on which GPUs, what vLLM reads in it, what `fit` answers.

    `problem` is why it is no command, `open` why it was not judged, `refused` why vLLM takes it on
    no GPU. `lacking` are the options that the release it is for has not, with what is said of each;
    `other` is that release where its options are not known.
    """

    shell: Shell
    machine: Machine | None = None
    command: Command | None = None
    fit: Fit | None = None
    change: str | None = None
    problem: str | None = None
    open: str | None = None
    refused: str | None = None
    lacking: tuple[tuple[str, str], ...] = ()
    other: str | None = None


class Bound(msgspec.Struct, frozen=True):
    """A claim about a GPU, and the most that any settings give there; `open` why not judged."""

    claim: Serving
    fit: Fit | None = None
    open: str | None = None


def provide_trials(
    shell: tuple[Shell, ...], mentions: Mentions, subject: Subject | Unknown
) -> tuple[Trial, ...]:
    """Try every `vllm serve` command. Without a model to serve they are only read.

    One that names no release of vLLM is meant for the one that the card names, if it is one.
    """
    named = {r.version for r in mentions.releases if r.package == "vllm" and r.pinned}
    pinned = named.pop() if len(named) == 1 else None
    return tuple(
        _of_its_release(trial)
        for each in shell
        if each.kind in {"serve", "python"}
        for trial in _try(each, pinned, subject)
    )


def provide_bounds(serving: tuple[Serving, ...], subject: Subject) -> tuple[Bound, ...]:
    """Ask for every claim what the GPU could hold at best."""
    return tuple(_bound(claim, subject) for claim in serving)


def provide_subject(checkpoint: Checkpoint) -> Subject | Unknown:
    """The model that commands and claims are about."""
    try:
        return subject_of(checkpoint, checkpoint.name)
    except NotEstimated as gap:
        return Unknown(gap.what)


def _of_its_release(trial: Trial) -> Trial:
    """Judge the options by the release of vLLM that the command is for."""
    if trial.command is None:
        return trial
    release = trial.command.release or NEWEST
    try:
        version = parse_version(release)
    except ReleaseError:
        return replace(trial, other=release)
    if is_newer(version):
        return replace(trial, other=release)
    lacked = lacking(trial.command, release)
    if trial.shell.kind == "python":  # it has arguments that are no option of the server
        lacked = tuple(pair for pair in lacked if CHANGED.search(pair[1]))
    return replace(trial, lacking=lacked)


def _try(shell: Shell, pinned: str | None, subject: Subject | Unknown) -> Iterator[Trial]:
    if shell.manifest and (why := _unread(shell.text)):
        yield Trial(shell, open=why)
        return
    try:
        command = parse_command(shell.text)
    except ReleaseError as error:
        yield Trial(shell, problem=str(error))
        return
    command = replace(command, release=command.release or pinned)
    if not shell.machines:
        why = None if isinstance(subject, Unknown) else refused(command, subject)
        python = shell.kind == "python"
        what = "vLLM has other defaults in Python" if python else "no GPU is named for it"
        yield Trial(shell, command=command, open=what, refused=why)
    for machine in shell.machines:
        if isinstance(subject, Unknown):
            yield Trial(shell, machine, command, open=subject.reason)
            continue
        try:
            question = ask(subject, command, Question(vllm=release_of(command), gpu=machine.gpu))
            found = solve(subject, question)
            change = smallest_change(subject, found) if found.answer.starts is False else None
            yield Trial(shell, machine, command, found, change.command if change else None)
        except ReleaseError as error:
            yield Trial(shell, machine, command, open=error.what)


def _unread(text: str) -> str | None:
    """Why no command is seen in a manifest: it may have what a template fills in."""
    try:
        served_words(text)
    except ReleaseError as error:
        return error.what
    return None


def refused(command: Command, subject: Subject) -> str | None:
    """Why vLLM refuses a command by the config alone: on a small GPU as on the largest."""
    try:
        question = ask(subject, command, Question(vllm=release_of(command)))
        subject = for_release(subject, question.vllm)
        said = [
            why_refused(
                subject,
                question,
                settle(question.options, question.vllm, gpu, subject.limit, subject.traits),
            )
            for gpu in (None, max(all_gpus(), key=lambda gpu: gpu.low))
        ]
    except ReleaseError:
        return None
    return said[0] if all(said) else None


def _bound(claim: Serving, subject: Subject) -> Bound:
    """Ask with a small cache, and where vLLM does not take that on the GPU, with the model's."""
    tried = Bound(claim)
    for dtype in (claim.cache,) if claim.cache else SMALL_FIRST:
        options = _utmost(claim, subject, dtype)
        try:
            found = solve(subject, Question(options=options, gpu=claim.machine.gpu))
        except ReleaseError as error:
            return Bound(claim, open=error.what)
        tried = Bound(claim, found)
        if found.answer.starts is not False or found.answer.binds != "options":
            return tried
    return tried


def _utmost(claim: Serving, subject: Subject, dtype: str) -> Options:
    sequences = max(1, math.ceil(claim.requests or 1))
    return Options(
        tensor_parallel_size=claim.machine.count if claim.machine.count > 1 else None,
        kv_cache_dtype=dtype,
        max_model_len=_length(claim, subject),
        max_num_seqs=sequences,
        max_num_batched_tokens=max(STEP, sequences),
        gpu_memory_utilization=UTMOST,
        enable_prefix_caching=False,
        enforce_eager=True,
        language_model_only=True if subject.config.vision is not None else None,
    )


def _length(claim: Serving, subject: Subject) -> int | None:
    if claim.fits:
        return min(LEAST, subject.limit)
    if claim.tokens is None:
        return None
    return min(int(claim.tokens.value), subject.limit)
