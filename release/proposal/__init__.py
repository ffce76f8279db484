"""A first release.toml: what files tell is filled in, what only a person knows is asked for."""

import tomllib
from typing import Any

import msgspec

from release.card.vocabulary import require_header
from release.content import content
from release.manifest import parse_manifest
from release.proposal.commands import Command, propose_commands
from release.proposal.origin import Origin
from release.proposal.subject import Subject
from release.text import printable
from release.unknown import Unknown

TEMPLATE = "release.toml.j2"


class Answers(msgspec.Struct, frozen=True):
    """What a person said, or agreed to."""

    repo: str
    base: str
    license: str


def write_proposal(answers: Answers, origin: Origin, subject: Subject) -> str:
    """Write the manifest, comments included. It is one that can be read back.

    Raises `ReleaseError` where an answer is none that a manifest can hold.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(  # noqa: S701 - TOML, not HTML: `toml` quotes it
        loader=FileSystemLoader(content("templates") / "init"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["toml"] = to_toml
    environment.filters["comment"] = printable
    environment.tests["unknown"] = lambda value: isinstance(value, Unknown)
    text = environment.get_template(TEMPLATE).render(
        answers=answers, origin=origin, subject=subject, commands=_commands(subject)
    )
    require_header(parse_manifest(tomllib.loads(text)))
    return text


def to_toml(value: Any) -> str:
    """A value of TOML: text, or a list of texts."""
    if isinstance(value, str):
        return msgspec.json.encode(printable(value)).decode()
    return f"[{', '.join(map(to_toml, value))}]"


def _commands(subject: Subject) -> tuple[Command, ...]:
    return propose_commands(subject.checkpoint)
