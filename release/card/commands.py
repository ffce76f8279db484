"""Commands of release.toml as vLLM reads them: what it refuses is on no card."""

import shlex
from collections.abc import Iterator

from release.audit.trials import refused
from release.errors import ReleaseError
from release.fit.audit import lacking
from release.fit.subject import Subject
from release.manifest import Manifest
from release.memory.command import SECRETS, Command, parse_command
from release.memory.values import refused_values
from release.memory.versions import NEWEST, is_newer, parse_version


def require_served(manifest: Manifest, subject: Subject | str) -> None:
    """Raise `ReleaseError` for `serve-args` that vLLM takes on no GPU.

    With `[[serve]]` they are part of its commands, and judged there.
    """
    if manifest.serve:
        return
    command = read_command((manifest.repo, *manifest.serve_args), NEWEST, "serve-args")
    if isinstance(subject, Subject) and (why := refused(command, subject)):
        raise ReleaseError(f"serve-args: vLLM refuses it: {why}", where="release.toml")


def read_command(argv: tuple[str, ...], vllm: str, place: str) -> Command:
    """Read the words after `vllm serve`, the model first.

    Raises `ReleaseError` with the place for options and values that this release does not take.
    """
    try:
        command = parse_command(shlex.join(("vllm", "serve", *argv)))
        parse_version(vllm)
    except ReleaseError as error:
        where = f" {error.where}:" if error.where else ""
        what = f"{place}:{where} {error.what}"
        raise ReleaseError(what, where="release.toml", hint=error.hint) from None
    for what in _problems(command, argv[0], vllm):
        raise ReleaseError(f"{place}: {what}", where="release.toml")
    return command


def _problems(command: Command, repo: str, vllm: str) -> Iterator[str]:
    if command.model != repo:
        yield f"serves {command.model!r:.80}, and the card is about {repo}"
    for short, whole in command.shortened:
        yield f"{short} is {whole} only as long as no other option begins so"
    for name, values in command.written:
        if name in SECRETS and not all(value.startswith("$") for value in values):
            yield f"the value of {name} would be on the card: leave it out, or name a variable"
    version = parse_version(vllm)
    if not is_newer(version):
        yield from (what for _, what in lacking(command, vllm))
    yield from (what for _, what in refused_values(command.written, version))
