"""What `release fit` prints: the answers to its question, one for each GPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from release.checkpoint.location import Location
from release.cli.console import rich_text
from release.errors import ReleaseError
from release.fit.audit import audit, modelled, release_of
from release.fit.changes import largest_share, smallest_change
from release.fit.document import to_document
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, open_subject
from release.memory.command import parse_command
from release.memory.gpus import Gpu, find_gpu
from release.memory.logs import EngineLog, decode_log, read_log
from release.memory.options import TABLE, Options, overlay, read_option
from release.memory.versions import NEWEST
from release.smoke.causes import Cause
from release.smoke.failed import FATAL, MEMORY_IN_USE, failed_start
from release.tables import Table
from release.tables.fit import STARTING, commands, fit_tables, requests_table, verdict
from release.tables.markdown import write_tables
from release.tables.terminal import draw_tables
from release.text import fenced, markdown, printable

STARTS, DOES_NOT, UNCERTAIN = 0, 1, 3
LOG_CAP = 256 << 20  # bytes


class Answers(msgspec.Struct, frozen=True):
    """Each answer with the smallest change that would make it start, if it does not."""

    fits: tuple[tuple[Fit, Fit | None], ...]

    @property
    def exit_code(self) -> int:
        """1 if one does not start, 3 if that is not certain."""
        found = {fit.answer.starts for fit, _ in self.fits}
        if False in found:
            return DOES_NOT
        return UNCERTAIN if None in found else STARTS

    def json(self) -> str:
        """One object for one answer, a list for several."""
        documents = [to_document(fit, change) for fit, change in self.fits]
        value = documents[0] if len(documents) == 1 else documents
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()

    def markdown(self) -> str:
        """Tables under headings."""
        heads = [markdown(head) for head in self._heads()]
        ends = [f"{what}:\n\n{fenced(text, 'sh')}" for what, text in self._commands()]
        return "\n\n".join((*heads, write_tables(self._tables()), *ends))

    def human(self, *, color: bool) -> str:
        """Verdicts, tables and commands; a command is one line, there to be copied."""
        from rich.console import Group  # noqa: PLC0415 - only what people read
        from rich.text import Text  # noqa: PLC0415

        heads = [Text(head, "bold") for head in self._heads()]
        drawn = rich_text(Group(*heads, Text(""), draw_tables(self._tables())), color=color)
        return drawn + "".join(f"{what}:\n  {printable(text)}\n" for what, text in self._commands())

    def picture(self) -> str:
        """Context against concurrency, one line for each answer, as SVG."""
        from release.tables.pictures import requests_picture  # noqa: PLC0415

        return requests_picture([fit for fit, _ in self.fits])

    def _tables(self) -> tuple[Table, ...]:
        if len(self.fits) == 1:
            return fit_tables(self.fits[0][0])
        return (requests_table([fit for fit, _ in self.fits]),)

    def _heads(self) -> list[str]:
        return [f"{self._where(fit)}{verdict(fit)}" for fit, _ in self.fits]

    def _commands(self) -> list[tuple[str, str]]:
        pairs = [
            (f"{self._where(fit) if what == STARTING else ''}{what}", text)
            for fit, change in self.fits
            for what, text in commands(fit, change)
        ]
        return list(dict.fromkeys(pairs))

    def _where(self, fit: Fit) -> str:
        """The GPU, where there are several."""
        gpu = fit.question.gpu
        return f"{gpu.name}: " if gpu is not None and len(self.fits) > 1 else ""


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
    subject = open_subject(location)
    options = _read(given)
    if log is not None:
        options = overlay(options, log.stated.options)
    vllm = how["vllm"] or (modelled(log.version) if log and log.version else None)
    if vllm is None:
        vllm = NEWEST if how["audit"] is None else release_of(parse_command(how["audit"]))
    gpus: list[Gpu | None] = [find_gpu(name) for name in how["gpus"]]
    fits = []
    for gpu in gpus or [None]:
        rest = log.stated.rest if log is not None else ()
        question = Question(options, vllm, gpu, how["available"], log, rest=rest)
        if how["audit"] is None:
            fit = solve(subject, question)
        elif any(value is not None for value in given.values()):
            hint = "write the options into the command"
            raise ReleaseError("--audit takes its options from the command", hint=hint)
        else:
            fit = audit(subject, how["audit"], question)
        fits.append((fit, smallest_change(subject, fit)))
    return Answers(tuple(fits))


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
