"""What a release needs, looked at: the machine, vLLM, the Hub, the project's own files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

Status = Literal["ok", "note", "problem"]
FINE, PROBLEMS = 0, 1


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: what it is, and what to do where it is not as it must be.

    A `note` is what some commands can do without; a `problem` makes one fail that is asked for.
    """

    name: str
    status: Status
    text: str
    hint: str = ""


class Needs(msgspec.Struct, frozen=True):
    """What release.toml asks for: a smoke test, and a repository to push to."""

    smoke: bool = False
    repo: str | None = None


def examine(python: Path) -> Iterator[Check]:
    """Look at everything, the slowest last. `python` is the one that has vLLM."""
    from release.doctor.engine import check_engine  # noqa: PLC0415 - each is imported when it is due
    from release.doctor.hub import check_hub  # noqa: PLC0415
    from release.doctor.machine import check_machine  # noqa: PLC0415
    from release.doctor.project import check_project  # noqa: PLC0415

    needs, checks = check_project()
    yield from checks
    yield from check_machine(needs)
    yield from check_engine(python, needs)
    yield from check_hub(needs)


def exit_code(checks: tuple[Check, ...]) -> int:
    """0 where nothing is in the way, 1 where something is."""
    return PROBLEMS if any(check.status == "problem" for check in checks) else FINE
