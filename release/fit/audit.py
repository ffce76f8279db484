"""Judge a `vllm serve` command that a person pasted or a card prints."""

from msgspec.structs import replace

from release.errors import ReleaseError
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, Subject
from release.memory.command import Command, parse_command
from release.memory.known_options import told
from release.memory.versions import NEWEST, is_newer, parse_version


def audit(subject: Subject, text: str, question: Question) -> Fit:
    """Answer for the command in `text` on what the question names: a GPU, memory or a log.

    The answer's command is the one in `text` with its own words, those that do not count for memory
    included. Raises `ReleaseError` for what is no command of vLLM's, `NotEstimated`.
    """
    command = parse_command(text)
    asked = ask(command, question)
    lacked = lacking(command, question.vllm)
    if lacked and not is_newer(parse_version(question.vllm)):
        asked = replace(asked, refused=lacked[0][1])
    return solve(subject, asked)


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


def ask(command: Command, question: Question) -> Question:
    """Put a command's options into a question. Raises `NotEstimated`."""
    if command.gap:
        raise NotEstimated(command.gap)
    notes = tuple(f"{what}, and was not looked at" for _, what in lacking(command, question.vllm))
    return replace(
        question, options=command.options, model=command.model, rest=command.rest, notes=notes
    )
