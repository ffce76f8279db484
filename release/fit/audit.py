"""Judge a `vllm serve` command that a person pasted or a card prints."""

import re

from msgspec.structs import replace

from release.errors import ReleaseError
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, Subject
from release.memory.command import Command
from release.memory.known_options import told
from release.memory.values import refused_values
from release.memory.versions import NEWEST, is_newer, parse_version
from release.quantization.config import find_quantization

GGUF = re.compile(r"\.gguf\b|:(?:UD-)?I?Q\d\w*$", re.IGNORECASE)


def audit(subject: Subject, command: Command, question: Question) -> Fit:
    """Answer for a command on what the question names: a GPU, memory or a log.

    The answer's command has its own words, those that do not count for memory included. Raises
    `NotEstimated`.
    """
    asked = ask(subject, command, question)
    version = parse_version(question.vllm)
    lacked = () if is_newer(version) else lacking(command, question.vllm)
    found = (*lacked, *refused_values(command.written, version))
    names = frozenset(name for name, _ in found)
    return solve(
        subject, replace(asked, refused=found[0][1] if found else asked.refused, refused_by=names)
    )


def lacking(command: Command, vllm: str) -> tuple[tuple[str, str], ...]:
    """The options of a command that a release of vLLM has not, and what is said of each."""
    version = parse_version(vllm)
    return tuple((name, told(name, version)) for name in command.lacking(version))


def release_of(command: Command) -> str:
    """The release of vLLM that a command's image or installation names, else the newest modelled.

    Raises `NotEstimated` if it is older than what is modelled.
    """
    return modelled(command.release or NEWEST)


def modelled(release: str) -> str:
    """A release of vLLM that a text names. Raises `NotEstimated` if it is too old."""
    try:
        parse_version(release)
    except ReleaseError as error:
        raise NotEstimated(f"{error.what}: ask about another (--vllm)") from None
    return release


def ask(subject: Subject, command: Command, question: Question) -> Question:
    """Put a command's options into a question about a model. Raises `NotEstimated`."""
    own = own_method(subject)
    gap = command.gap(own)
    if gap:
        raise NotEstimated(gap)
    if GGUF.search(command.model or ""):
        raise NotEstimated("the command serves a GGUF, whose weights are not those that were read")
    notes = tuple(f"{what}, and was not looked at" for _, what in lacking(command, question.vllm))
    counts = [count for count in (question.gpus, command.gpus) if count is not None]
    return replace(
        question,
        options=command.options,
        model=command.model,
        rest=command.rest,
        notes=(*question.notes, *notes),
        gpus=min(counts, default=None),
        refused=command.refused(own) or question.refused,
    )


def own_method(subject: Subject) -> str | None:
    """What a checkpoint calls its own quantization, as --quantization does."""
    _, declared = find_quantization(subject.config.raw) or ("", None)
    method = declared.get("quant_method") if isinstance(declared, dict) else None
    return method if isinstance(method, str) else None
