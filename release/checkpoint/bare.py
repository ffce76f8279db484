"""A config.json on its own, as a checkpoint without any other file."""

from collections.abc import Mapping
from pathlib import Path

from release.checkpoint import CONFIG_CAP, Checkpoint
from release.checkpoint.document import parse_document
from release.checkpoint.source import FileInfo, Origin, Stamp
from release.errors import CheckpointError, Fault


class BareConfig:
    """A source that has no files: what was read of it is all there is."""

    origin: Origin | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, FileInfo] = {}
        self.refused: list[CheckpointError] = []

    def read(self, file: str, start: int, length: int) -> bytes:
        """Read nothing: there is nothing. Raises `CheckpointError`."""
        del start, length
        raise CheckpointError(file, "is not there")

    def prefetch(self, wanted: Mapping[str, int]) -> None:
        """Do nothing."""

    def place(self, file: str) -> Path:
        """Where `file` would be."""
        return Path(file)

    def stamp(self, file: str) -> Stamp | None:
        """Give None: no file was ever there."""
        del file
        return None


def open_bare(path: Path) -> Checkpoint:
    """Read a config.json. Raises `CheckpointError`."""
    try:
        if path.stat().st_size > CONFIG_CAP:
            raise CheckpointError(str(path), "is larger than a config.json can be")
        raw = path.read_bytes()
    except OSError as error:
        raise CheckpointError(str(path), f"cannot be read: {error.strerror}") from None
    config = parse_document(raw, path.name, Fault.CONFIG)
    source = BareConfig(path.parent.name)
    return Checkpoint(source, {}, config, None, {}, (), {}, {}, (), ())
