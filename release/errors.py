"""Errors made for people: one line that says what, where and what to do."""

from enum import Enum


class ReleaseError(Exception):
    """Something a person can act on. Printed as one line, never as a traceback.

    `what` is the fact, `where` the file, tensor or option it was seen at, `hint` what to do.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        """One line, whatever the parts contain: text from a file may hold newlines."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.hint:
            text = f"{text} ({self.hint})"
        return " ".join(text.split())


class Fault(Enum):
    """What kind of defect a file of a checkpoint has; file rules select by it."""

    HEADER_LENGTH = "header length"
    HEADER_JSON = "header JSON"
    TENSOR_BYTES = "tensor bytes"
    TENSOR_RANGES = "tensor ranges"
    FILE_LENGTH = "file length"
    NOT_WEIGHTS = "not a weight file"
    INDEX = "index"
    CONFIG = "config"
    SYMLINK = "symlink"
    NAME = "file name"
    UNREADABLE = "unreadable"


class CheckpointError(ReleaseError):
    """A checkpoint, or one file of it, is not what it must be. `file` is relative to its root.

    `tensor` is set where a header is at fault for one tensor.
    """

    def __init__(
        self,
        file: str,
        what: str,
        hint: str = "",
        fault: Fault = Fault.UNREADABLE,
        tensor: str | None = None,
    ) -> None:
        super().__init__(what, where=file, hint=hint)
        self.file, self.fault, self.tensor = file, fault, tensor
