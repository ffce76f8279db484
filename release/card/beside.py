"""Files that release.toml names: beside it, never outside of its folder."""

from pathlib import Path

from release.errors import ReleaseError


def read_beside(home: Path, name: str, cap: int) -> str:
    """Read a text file of at most `cap` bytes. Raises `ReleaseError`, also for what is no file."""
    path = home / name
    try:
        inside = not Path(name).is_absolute() and path.resolve().is_relative_to(home.resolve())
        if not inside:
            hint = "name it relative to release.toml"
            raise ReleaseError("is not in the folder of release.toml", where=name, hint=hint)
        if path.exists() and not path.is_file():
            raise ReleaseError("is no file", where=name)
        if path.stat().st_size > cap:
            raise ReleaseError(f"has more than {cap:,} bytes", where=name)
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=f"{name:.80}") from None
    except ValueError:  # a name that no file can have
        raise ReleaseError("is no name of a file", where=repr(name)) from None


def is_beside(home: Path, name: str) -> bool:
    """Whether there is such a file; a name may be a sentence, too."""
    try:
        return (home / name).is_file()
    except (OSError, ValueError):
        return False
