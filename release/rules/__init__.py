"""A rule: facts in, findings out. One file each, under the top-level `checks/`."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

EMPTY = '""'  # a name that is there and has no letters
SEVERITIES = ("error", "warning", "info")


class Where(msgspec.Struct, frozen=True, omit_defaults=True):
    """The place of a finding: a file, a tensor, a module, a path inside a JSON file.

    `line` counts from 1, in a text that a person wrote.
    """

    file: str | None = None
    tensor: str | None = None
    module: str | None = None
    path: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """For people: the most exact part last."""
        inside = (part for part in (self.path, self.tensor, self.module) if part is not None)
        file = f"{self.file}:{self.line}" if self.file and self.line else self.file
        parts = [part for part in (file, next(inside, None)) if part is not None]
        return ": ".join(part or EMPTY for part in parts) or "checkpoint"

    @property
    def owner(self) -> str | None:
        """The module that it is, or that its tensor belongs to."""
        return self.module if self.tensor is None else self.tensor.rpartition(".")[0]


class Found(msgspec.Struct, frozen=True):
    """What a rule yields; the runner stamps the rule's code, name and severity on it.

    `severity` only where this case is less, or more, than the rule's own. `about` are the modules
    that it compares, where its place is none of them.
    """

    where: Where
    message: str
    fix: str
    severity: str | None = None
    about: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong, as the report holds it."""

    rule: str
    name: str
    severity: str
    where: Where
    message: str
    fix: str


Findings = Iterator[Found]
Check = Callable[..., Findings]


class Metadata(msgspec.Struct, frozen=True):
    """What a rule file declares beside its function and its docstring."""

    since: str
    severity: str
    echoes: tuple[str, ...] = ()


def rule(
    *, since: str, severity: str = "error", echoes: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Mark a rule's function; `since` is the version that first had it.

    `echoes` are codes, or their beginnings, of rules that know better what is wrong with a weight:
    where one of them speaks of it, of a block that it is in or of what it is `about`, as loudly at
    least, this one does not.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity must be one of {SEVERITIES}")

    def mark(check: Any) -> Check:
        check.metadata = Metadata(since, severity, echoes)
        return check  # type: ignore[no-any-return]

    return mark


def in_config(path: str) -> Where:
    """A place inside config.json."""
    return Where(file="config.json", path=path)
