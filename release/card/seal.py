"""The last line of a card: what it was rendered from, and whether it is still as rendered."""

import hashlib
import re
from pathlib import Path

from release.errors import ReleaseError

MARK = "<!-- written by release "
_SEAL = re.compile(re.escape(MARK) + r"[^\n]* seal ([0-9a-f]{64}) -->\n\Z")


def seal(text: str, version: str, digest: str | None) -> str:
    """Add the line; its seal is the sha256 of all text before it."""
    made = f"{version} from its report of {digest or 'headers only'}"
    mark = f"{MARK}{made}; edit release.toml, not this file; seal {_digest(text)} -->\n"
    return f"{text}\n{mark}"


def is_ours(text: str) -> bool:
    """Whether a card is still, to the byte, as some version of this tool rendered it."""
    match = _SEAL.search(text)
    return match is not None and _digest(text[: match.start() - 1]) == match[1]


def require_ours(target: Path) -> None:
    """Raise `ReleaseError` if a card is there that a person wrote, or edited after us."""
    hint = "use --force to replace it, or -o to write elsewhere"
    try:
        text = target.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror}", where=str(target)) from None
    if MARK not in text:
        raise ReleaseError("was written by hand", where=str(target), hint=hint)
    if not is_ours(text):
        hint = f"words of your own belong into release.toml; {hint}"
        raise ReleaseError("was edited by hand since it was rendered", where=str(target), hint=hint)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
