"""How a step talks to its runner: workflow commands on stdout, files named by the environment."""

import os
import secrets
from pathlib import Path

from release.text import printable


def error(text: str) -> None:
    """Make an error annotation of one line."""
    shown = printable(" ".join(text.split())).replace("%", "%25").replace("##[", "# #[")
    print(f"::error title=release::{shown}", flush=True)  # noqa: T201 - what a runner reads


def group(title: str) -> None:
    """Begin a part of the log that is shown folded; it ends with the next one, or the step."""
    print(f"::group::{printable(title)}", flush=True)  # noqa: T201


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
        print(text)  # noqa: T201
        return
    with Path(target).open("a", encoding="utf-8") as stream:
        stream.write(text)
