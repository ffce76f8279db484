"""How a step talks to its runner: workflow commands on stdout, files named by the environment."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from release.text import printable


def error(text: str) -> None:
    """Make an error annotation of one line."""
    shown = harmless(printable(" ".join(text.split())).replace("%", "%25"))
    _say(f"::error title=release::{shown}")


def harmless(line: str) -> str:
    """Give a line that holds no command, whoever wrote it.

    A runner takes `##[name]` for one wherever it stands, `::name` after leading blanks.
    """
    blank = line[: len(line) - len(line.lstrip())]
    text = line[len(blank) :].replace("##[", "# #[")
    return blank + (f": {text[1:]}" if text.startswith("::") else text)


def show(title: str, text: str) -> None:
    """Put a text into the log, folded."""
    _say(f"::group::{title}")
    with hushed():
        _say(text)
    _say("::endgroup::")


@contextmanager
def hushed(*, wanted: bool = True) -> Iterator[None]:
    """Let the runner take nothing in between for a command: it looks behind leading blanks too."""
    token = secrets.token_hex(16)
    if wanted:
        _say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        if wanted:
            _say(f"::{token}::")


def set_outputs(**values: str) -> None:
    """Set outputs of the step; no value, whatever it holds, can end early and set another."""
    lines = []
    for name, value in values.items():
        mark = f"end-{secrets.token_hex(16)}"
        lines.append(f"{name}<<{mark}\n{value}\n{mark}\n")
    _append("GITHUB_OUTPUT", "".join(lines))


def add_summary(text: str) -> None:
    """Add Markdown to the summary of the job."""
    _append("GITHUB_STEP_SUMMARY", text)


def _append(variable: str, text: str) -> None:
    """Without a runner (a step tried in a shell) the text goes to stdout."""
    target = os.environ.get(variable)
    if not target:
        _say(text)
        return
    with Path(target).open("a", encoding="utf-8") as stream:
        stream.write(text)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what a runner reads
