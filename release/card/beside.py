"""Files that release.toml names: beside it, never outside of its folder."""

from pathlib import Path

from release.errors import ReleaseError


def read_beside(home: Path, name: str, cap: int) -> str:
    """Read a text file of at most `cap` bytes. Raises `ReleaseError`."""
    path = home / name
    if Path(name).is_absolute() or not path.resolve().is_relative_to(home.resolve()):
        hint = "name it relative to release.toml"
        raise ReleaseError("is not in the folder of release.toml", where=name, hint=hint)
    try:
        if path.stat().st_size > cap:
            raise ReleaseError(f"has more than {cap:,} bytes", where=name)
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=name) from None
