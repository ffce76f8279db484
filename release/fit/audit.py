"""Judge a pasted `vllm serve` command."""

from msgspec.structs import replace

from release.errors import ReleaseError
from release.fit.solve import Question
from release.fit.subject import NotEstimated
from release.memory.options import Command


def audit_question(command: Command, question: Question) -> Question:
    """The question that a command asks. Raises `NotEstimated` if it has what is not modelled."""
    if command.unmodelled:
        raise NotEstimated(f"{command.unmodelled[0]} changes the memory in ways not modelled")
    given = question.options
    if any(getattr(given, field) is not None for field in given.__struct_fields__):
        hint = "write the options into the command"
        raise ReleaseError("--audit takes its options from the command", hint=hint)
    return replace(question, options=command.options)
