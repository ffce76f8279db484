"""A file is hidden, or its name is one that not every system can hold.

What it checks: no dot file or __pycache__ (but .gitattributes, .gitignore and .eval_results), no
    editor's backup; no two names that differ only in case or in how an accent is written; no name
    over 255 bytes, with control characters, or not in UTF-8. Files for credentials
    and names that are not UTF-8 are errors.
Why it matters: `upload_folder` uploads hidden files like any other. On macOS and Windows one of two
    such names overwrites the other.
How to fix: delete or rename them; for credentials, revoke them too if they were ever pushed.
Seen in: .DS_Store and .env files in public repositories.
"""

import unicodedata
from collections.abc import Iterable

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule

KNOWN = {".gitattributes", ".gitignore", ".eval_results"}
CREDENTIALS = {
    *(".env", ".netrc", ".git-credentials", ".pypirc", ".npmrc", ".ssh", ".aws"),
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
}
LONGEST = 255
UNSEEN = {"Cc", "Cf"}


@rule(since="0.1.0", severity="warning")
def check(checkpoint: Checkpoint) -> Findings:
    """Judge hidden places once each, then names by themselves and against each other."""
    yield from _hidden(checkpoint.files)
    spellings: dict[str, str] = {}
    for name in checkpoint.files:
        if any(unicodedata.category(char) in UNSEEN for char in name):
            yield _found(name, "has control or invisible characters in its name", "rename it")
        if any(len(part.encode()) > LONGEST for part in name.split("/")):
            yield _found(name, f"has a name of more than {LONGEST} bytes", "rename it")
        other = spellings.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            yield _found(name, f"differs from {other!r} only in case or accents", "rename one")
    for defect in checkpoint.faults(Fault.NAME):
        what = f"{defect.what}, so that it was not read"
        yield _found(defect.file, what, defect.hint, "error")


def _hidden(names: Iterable[str]) -> Findings:
    places: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for depth, part in enumerate(parts, start=1):
            hidden = part.startswith(".") or part == "__pycache__" or part.endswith("~")
            if (hidden or part in CREDENTIALS) and part not in KNOWN:
                place = "/".join(parts[:depth]) + ("/" if depth < len(parts) else "")
                places.setdefault(place, part)
                break
    for place, part in places.items():
        secret = part in CREDENTIALS or part.startswith(".env.")
        what = (
            "is where credentials are kept"
            if secret
            else "is hidden or a by-product, yet would be published"
        )
        yield _found(place, what, "delete it", "error" if secret else None)


def _found(name: str, message: str, fix: str, severity: str | None = None) -> Found:
    return Found(Where(file=name), message, fix, severity)
