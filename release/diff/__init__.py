"""What changed between two checkpoints: folders, revisions on the Hub, or reports of either."""

from typing import Any

import msgspec

from release.diff.values import Change, compare_values

__all__ = ["Change", "Difference", "FileChange", "TensorChange", "compare_values"]

SAME, DIFFERS, UNCERTAIN = 0, 1, 3


class End(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two: its name; the commit on the Hub, or the digest of all files, if known."""

    name: str
    commit: str | None = None
    digest: str | None = None


class TensorChange(msgspec.Struct, frozen=True):
    """A tensor that is there only once (`old` or `new` is None), or is another one.

    `old` and `new` say dtype and shape; `bytes` that with the same of both its values differ.
    """

    name: str
    old: str | None
    new: str | None
    bytes: bool = False


class FileChange(msgspec.Struct, frozen=True):
    """A file that is there only once, or holds something else; sizes in bytes.

    `lines` are lines that a text lost and gained.
    """

    path: str
    old: int | None
    new: int | None
    lines: tuple[int, int] | None = None


class Figure(msgspec.Struct, frozen=True):
    """A cell of a table that `release tables` and the card print, as it is printed."""

    table: str
    row: str
    column: str
    old: str | None
    new: str | None


class Difference(msgspec.Struct, frozen=True):
    """Everything that differs. `not_compared` says what could not be held together, and why."""

    old: End
    new: End
    tensors: tuple[TensorChange, ...]
    same_tensors: int
    settings: dict[str, tuple[Change, ...]]
    files: tuple[FileChange, ...]
    same_files: int
    facts: tuple[Change, ...]
    figures: tuple[Figure, ...]
    findings: tuple[Change, ...]
    not_compared: dict[str, str]

    @property
    def exit_code(self) -> int:
        """0 the same, 1 they differ, 3 no difference was seen where not all could be compared."""
        seen: tuple[Any, ...] = (self.tensors, self.settings, self.files, self.facts, self.findings)
        if any(seen):
            return DIFFERS
        return UNCERTAIN if self.not_compared else SAME
