"""The questions of `release fit`: one for each GPU that is named and each command pasted."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from release.checkpoint.location import Location
from release.cli.answers import DOES_NOT, Answers
from release.errors import ReleaseError
from release.fit.audit import audit, modelled, release_of
from release.fit.changes import largest_share, smallest_change
from release.fit.solve import Question, solve
from release.fit.subject import NotEstimated, Subject, open_subject
from release.memory.command import Command, parse_commands
from release.memory.gpus import Gpu, find_gpus
from release.memory.logs import EngineLog, decode_log, read_log
from release.memory.options import TABLE, Options, overlay, read_option
from release.memory.versions import NEWEST
from release.smoke.causes import Cause
from release.smoke.failed import FATAL, MEMORY_IN_USE, failed_start

LOG_CAP = 256 << 20  # bytes


class DidNotStart(ReleaseError):  # noqa: N818 - an answer of its own kind
    """What a log says of a start that figures cannot be given for; `gap` is why not."""

    exit_code = DOES_NOT

    def __init__(self, cause: Cause, log: EngineLog, gap: str) -> None:
        share = largest_share(log) if cause.kind == MEMORY_IN_USE else None
        fix = f"{cause.fix} to {share:g}" if share else cause.fix
        hint = f"{fix}; {gap}" if gap and cause.kind in FATAL else fix
        super().__init__(f"vLLM did not start: {cause.line}", hint=hint)


def answer_all(location: Location, given: Mapping[str, Any], how: Mapping[str, Any]) -> Answers:
    """Answer for every GPU that was named, or once.

    Raises `ReleaseError`, `NotEstimated`, and `DidNotStart` where a log says so of what is asked.
    """
    log, cause = _read_log(how["from_log"]) if how["from_log"] is not None else (None, None)
    otherwise = [*given.values(), how["available"], how["audit"], how["vllm"]]
    if log is None or cause is None or how["gpus"] or any(value is not None for value in otherwise):
        return _answer_all(location, given, how, log)
    try:
        answers = _answer_all(location, given, how, log)
    except NotEstimated as gap:
        raise DidNotStart(cause, log, gap.what) from None
    if answers.exit_code != DOES_NOT:
        raise DidNotStart(cause, log, "")
    return answers


def _answer_all(
    location: Location, given: Mapping[str, Any], how: Mapping[str, Any], log: EngineLog | None
) -> Answers:
    if how["audit"] is not None and any(value is not None for value in given.values()):
        hint = "write the options into the command"
        raise ReleaseError("--audit takes its options from the command", hint=hint)
    pasted = parse_commands(how["audit"]) if how["audit"] is not None else ()
    subject = open_subject(location)
    left = _of_another(pasted, subject)
    fits, gaps = [], []
    for command, question in _questions(pasted, given, how, log, subject):
        if question.label in left:
            continue
        try:
            fit = solve(subject, question) if command is None else audit(subject, command, question)
        except NotEstimated as gap:
            gaps.append((question, gap))
        else:
            fits.append((fit, smallest_change(subject, fit)))
    if not fits:
        raise gaps[0][1]
    reasons = tuple((question, gap.what) for question, gap in gaps)
    return Answers(tuple(fits), reasons, tuple(left.values()))


def _questions(
    pasted: tuple[Command, ...],
    given: Mapping[str, Any],
    how: Mapping[str, Any],
    log: EngineLog | None,
    subject: Subject,
) -> Iterator[tuple[Command | None, Question]]:
    options = _read(given)
    if log is not None:
        options = overlay(options, log.stated.options)
    rest = log.stated.rest if log is not None else ()
    logged = modelled(log.version) if log and log.version else None
    named: list[tuple[Gpu | None, int | None]] = [find_gpus(name) for name in how["gpus"]]
    for number, command in enumerate(pasted or (None,), 1):
        own = NEWEST if command is None else release_of(command)
        vllm = how["vllm"] or logged or own
        for gpu, count in named or [(None, None)]:
            yield (
                command,
                Question(
                    options,
                    vllm,
                    gpu,
                    how["available"],
                    log,
                    rest=rest,
                    notes=() if command is None else _served_elsewhere(command, subject),
                    gpus=count,
                    label=f"command {number}" if len(pasted) > 1 else "",
                ),
            )


def _of_another(pasted: tuple[Command, ...], subject: Subject) -> dict[str, str]:
    """By label, the commands that serve another model than one beside them, and what is said."""
    models = {f"command {i}": _last(each.model or "") for i, each in enumerate(pasted, 1)}
    ours = _last(subject.name)
    if ours not in models.values():
        return {}
    return {
        label: f"{label}: not judged, it serves {model}"
        for label, model in models.items()
        if model not in {ours, ""}
    }


def _served_elsewhere(command: Command, subject: Subject) -> tuple[str, ...]:
    """What to know where the command names another model than the one that was read."""
    if command.model is None or _last(command.model) == _last(subject.name):
        return ()
    return (f"the weights are those of {_last(subject.name)}, whatever {command.model} holds",)


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _read(given: Mapping[str, Any]) -> Options:
    read: dict[str, Any] = {}
    for name, (field, parse) in TABLE.items():
        value = given[field]
        read[field] = read_option(name, value) if value is not None and parse else value
    return Options(**read)


def _read_log(path: Path) -> tuple[EngineLog, Cause | None]:
    """What a log measured, and why the start that it is of failed."""
    try:
        with click.open_file(str(path), "rb") as file:
            raw = file.read(LOG_CAP + 1)
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > LOG_CAP:
        raise ReleaseError("is larger than a log of one start can be", where=str(path))
    text = decode_log(raw)
    log = read_log(text)
    return log, failed_start(text, log)
