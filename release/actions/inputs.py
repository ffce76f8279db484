"""The action's inputs: one JSON object of strings, each held to what it may be."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.publish.names import BRANCH, TAG
from release.text import quoted

PULL_REQUESTS = {"pull_request", "pull_request_target"}
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


class Inputs(msgspec.Struct, frozen=True):
    """What a job asks for; empty is "not said". Names and meanings are those of action.yml."""

    working_directory: str = "."
    checkpoint: str = ""
    level: str = ""
    base: str = ""
    reference: bool = False
    smoke: bool = False
    serve: bool = False
    python: str = ""
    strict: bool = False
    card: str = "none"
    readme: str = ""
    push: str = "none"
    repository: str = ""
    branch: str = ""
    tag: str = ""
    message: str = ""
    visibility: str = ""
    unknown: str = ""
    overwrite_card: bool = False
    interpreter: str = ""

    @property
    def writes(self) -> bool:
        """Whether something on the Hub changes."""
        return self.push in {"pull-request", "commit"}


def _one_of(*words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        return (
            "" if text in words else f"is none of {', '.join(word or repr('') for word in words)}"
        )

    return check


def _like(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    return lambda text: "" if not text or pattern.fullmatch(text) else f"is not {what}"


def _place(text: str) -> str:
    return "starts with a dash: it would be read as an option" if text.startswith("-") else ""


CHECKS: Mapping[str, Callable[[str], str]] = {
    "working_directory": lambda text: "" if Path(text).is_dir() else "is not a folder here",
    "checkpoint": _place,
    "level": _one_of("", "headers", "bytes"),
    "base": _place,
    "python": _place,
    "card": _one_of("none", "check", "write"),
    "readme": _place,
    "push": _one_of("none", "plan", "pull-request", "commit"),
    "repository": _like(_REPOSITORY, "owner/name"),
    "branch": _like(BRANCH, "the name of a branch"),
    "tag": _like(TAG, "the name of a tag"),
    "message": _place,
    "visibility": _one_of("", "private", "public"),
    "unknown": _one_of("", "keep", "delete"),
}


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read `INPUTS`, the action's inputs as JSON. Raises `ReleaseError` that names every fault."""
    given = _decode(environ.get("INPUTS", "{}"))
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(Inputs)}
    texts = {name.replace("-", "_"): value.strip() for name, value in given.items()}
    faults = [f"there is no input {quoted(name)}" for name in texts if name not in fields]
    for name in fields.keys() & texts.keys():
        text = texts[name]
        found = _fault(name, text, flag=fields[name] is bool)
        faults += [f"{name.replace('_', '-')}: {quoted(text)} {found}"] if found else []
    if not faults:
        inputs = Inputs(
            **{name: _value(text, fields[name]) for name, text in texts.items() if text}
        )
        faults = [*_contradictions(inputs), *_forbidden(inputs, environ)]
        if not faults:
            return inputs
    raise ReleaseError("; ".join(sorted(faults)), where="inputs of the action")


def _decode(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise ReleaseError(f"are not one object of strings: {error}", where="INPUTS") from None


def _fault(name: str, text: str, *, flag: bool) -> str:
    if not text.isprintable():
        return "holds a line break or a control character"
    if flag:
        return _one_of("", "true", "false")(text)
    return CHECKS[name](text) if name in CHECKS and text else ""


def _value(text: str, kind: Any) -> Any:
    return text == "true" if kind is bool else text


def _contradictions(inputs: Inputs) -> list[str]:
    """What cannot be meant together."""
    faults = []
    if inputs.writes and inputs.level == "headers":
        faults.append("push: only bytes that were read are published, and level is headers")
    if inputs.push not in {"plan", "commit"}:
        given = [name for name in ("branch", "tag") if getattr(inputs, name)]
        faults += [f"{name}: goes with push: commit" for name in given]
    if inputs.card == "none" and inputs.push != "none":
        faults.append("push: needs a card of this report, and card is none")
    return faults


def _forbidden(inputs: Inputs, environ: Mapping[str, str]) -> list[str]:
    """What a job on somebody's pull request must not do."""
    if environ.get("GITHUB_EVENT_NAME") not in PULL_REQUESTS:
        return []
    faults = ["push: nothing is published from a pull request"] if inputs.writes else []
    if is_fork(environ):
        if environ.get("RUNNER_ENVIRONMENT") == "self-hosted":
            faults.append("a pull request from a fork runs on no self-hosted runner")
        if inputs.smoke or inputs.serve or inputs.reference:
            faults.append("smoke, serve and reference: not for a pull request from a fork")
    return faults


def is_fork(environ: Mapping[str, str]) -> bool:
    """Whether a pull request comes from another repository; yes where its event cannot be read."""
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_bytes())
        sides = [event["pull_request"][side]["repo"]["full_name"] for side in ("head", "base")]
    except (KeyError, TypeError, ValueError, OSError):
        return True
    return bool(sides[0] != sides[1])
