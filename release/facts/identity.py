"""Which bytes a report is about: sha256 of every file, and one digest over them."""

import hashlib

import msgspec

from release.scan.values import Scan

CARD_FILE = "README.md"
RESULTS_FILE = ".eval_results/lm-eval.yaml"
WEIGHTS_FILE, REQUESTS_FILE = "card/weights.svg", "card/requests.svg"
# Written by `release card` from the report, so never part of what the report is about.
CARD_FILES = frozenset({CARD_FILE, RESULTS_FILE, WEIGHTS_FILE, REQUESTS_FILE})


class FileDigest(msgspec.Struct, frozen=True):
    """One file: path, size in bytes, sha256 in hex (None where the bytes were not read)."""

    path: str
    size: int
    sha256: str | None


class Identity(msgspec.Struct, frozen=True):
    """Every file of a checkpoint but its card's, and the digest over their `sha256  path` lines."""

    digest: str
    files: tuple[FileDigest, ...]


def provide_identity(scan: Scan) -> Identity:
    """What the scan hashed on its way."""
    return identify(scan)


def identify(scan: Scan) -> Identity:
    """Digest a scan's files, in the order of their names."""
    files = tuple(
        FileDigest(file.path, file.size, file.sha256) for _, file in sorted(scan.files.items())
    )
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return Identity(f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}", files)
