"""Which bytes a report is about: sha256 of every file, and one digest over them."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import msgspec

from release.checkpoint import Checkpoint, FileInfo
from release.errors import CheckpointError
from release.unknown import Unknown

CHUNK = 1 << 20
CARD_FILE = "README.md"  # written from the report, so never part of what the report is about


class FileDigest(msgspec.Struct, frozen=True):
    """One file: path, size in bytes, sha256 in hex (None where the bytes were not read)."""

    path: str
    size: int
    sha256: str | None


class Identity(msgspec.Struct, frozen=True):
    """Every file of a checkpoint but its card, and the digest over their `sha256  path` lines."""

    digest: str
    files: tuple[FileDigest, ...]


def provide_identity(checkpoint: Checkpoint) -> Identity | Unknown:
    """Hash every file once, on all cores; Unknown if one cannot be read or changes meanwhile."""
    infos = [info for path, info in checkpoint.files.items() if path != CARD_FILE]
    # hashlib releases the interpreter lock, so threads use every core.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            digests = tuple(pool.map(lambda info: digest_file(checkpoint, info), infos))
        except CheckpointError as error:
            return Unknown(str(error))
    return identify(digests)


def identify(files: tuple[FileDigest, ...]) -> Identity:
    """Digest a list of hashed files, whatever its order."""
    ordered = tuple(sorted(files, key=lambda file: file.path))
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in ordered)
    return Identity(f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}", ordered)


def digest_file(checkpoint: Checkpoint, info: FileInfo) -> FileDigest:
    """Hash one file. Raises `CheckpointError` if it cannot be read or changes meanwhile."""
    digest, count = hashlib.sha256(), 0
    try:
        with checkpoint.source.path(info.path).open("rb", buffering=0) as stream:
            buffer = memoryview(bytearray(CHUNK))
            while read := stream.readinto(buffer):
                digest.update(buffer[:read])
                count += read
    except OSError as error:
        raise CheckpointError(info.path, f"cannot be read: {error.strerror}") from None
    if count != info.size:
        what = f"changed while it was read: {info.size:,} bytes before, {count:,} now"
        raise CheckpointError(info.path, what, "verify again when nothing writes to the folder")
    return FileDigest(info.path, count, digest.hexdigest())
