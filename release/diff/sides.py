"""One of the two things to compare, whatever it is: what is known about its files and tensors."""

from pathlib import Path
from typing import Any

import msgspec

from release.checkpoint import Checkpoint, HubRevision, open_checkpoint
from release.checkpoint.index import INDEX_FILE
from release.checkpoint.location import Location
from release.diff import End
from release.diff.digests import Digests, digest_files
from release.errors import CheckpointError
from release.facts import Facts, Level
from release.facts.scan import Progress
from release.facts.side_files import side_files
from release.facts.texts import TEXT_CAP, VOCABULARIES, is_text
from release.report import Report, load_report
from release.rules import Finding
from release.unknown import Unknown
from release.verify import reported_facts

BOOKKEEPING = {".gitattributes", "release-manifest.json", "model.sig"}
"""What publishing adds: never part of a difference."""
REPORT_ONLY = "of a report only the files are known"
SMALL = 64 << 20


class File(msgspec.Struct, frozen=True):
    """A file: size in bytes; sha256 (hex) where it is known, by its bytes or by the Hub's word."""

    size: int
    sha256: str | None


class Tensor(msgspec.Struct, frozen=True):
    """A tensor: dtype and shape, where it lies, the sha256 of its bytes where they were read."""

    form: str
    shard: str
    start: int
    sha256: str | None


class Side(msgspec.Struct, frozen=True):
    """What is known of one checkpoint; `Unknown` where it is only a report, or unreadable.

    `refused` says why of files that cannot be read, `broken` of those that are no JSON, `headless`
    of shards without a sound header; `placed` is the shard of each tensor by the index.
    """

    end: End
    files: dict[str, File]
    texts: dict[str, str]
    documents: dict[str, Any] | Unknown
    tensors: dict[str, Tensor] | Unknown
    facts: dict[str, Any]
    findings: tuple[Finding, ...] | Unknown
    refused: dict[str, str] = {}
    broken: dict[str, str] = {}
    headless: dict[str, str] = {}
    placed: dict[str, str] = {}


def look(location: Location, level: Level | None, progress: Progress) -> Side:
    """Read a side: at level bytes every byte once, which is the default for a folder.

    Raises `ReleaseError`.
    """
    if isinstance(location, Path) and location.is_file():
        return _of_report(load_report(location))
    if level is None:
        level = Level.HEADERS if isinstance(location, HubRevision) else Level.BYTES
    checkpoint = open_checkpoint(location)
    wanted = side_files(checkpoint)
    checkpoint.source.prefetch(wanted)
    digests = digest_files(checkpoint, _streamed(checkpoint, level), progress)
    facts = reported_facts(Facts({"checkpoint": checkpoint}, Level.HEADERS))
    origin = checkpoint.source.origin
    documents, broken = _documents(checkpoint)
    return Side(
        End(checkpoint.name, origin.commit if origin else None),
        {
            name: File(info.size, digests.files.get(name) or info.claimed or None)
            for name, info in checkpoint.files.items()
            if name not in BOOKKEEPING
        },
        _texts(checkpoint),
        documents,
        _tensors(checkpoint, digests),
        msgspec.json.decode(msgspec.json.encode(facts)),  # as a report holds them
        Unknown("no rule was run"),
        {defect.file: defect.what for defect in checkpoint.source.refused},
        broken,
        _headless(checkpoint),
        checkpoint.index.weight_map if checkpoint.index else {},
    )


def _headless(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        defect.file: defect.what
        for defect in checkpoint.defects
        if defect.file in checkpoint.loaded and defect.file not in checkpoint.shards
    }


def _streamed(checkpoint: Checkpoint, level: Level) -> list[str]:
    """The files whose bytes are read: all, or only those that take no time."""
    return [
        name
        for name, info in checkpoint.files.items()
        if name not in BOOKKEEPING
        and (level >= Level.BYTES or (info.size <= SMALL and not name.endswith(".safetensors")))
    ]


def _of_report(report: Report) -> Side:
    origin = report.checkpoint.origin
    claimed = origin.claimed if origin else {}
    none = Unknown(REPORT_ONLY)
    return Side(
        End(report.checkpoint.name, origin.commit if origin else None, report.checkpoint.digest),
        {
            file.path: File(file.size, file.sha256 or claimed.get(file.path))
            for file in report.checkpoint.files
            if file.path not in BOOKKEEPING
        },
        {},
        none,
        none,
        report.facts,
        report.findings,
    )


def _texts(checkpoint: Checkpoint) -> dict[str, str]:
    texts = {}
    for name, info in checkpoint.files.items():
        if is_text(name) and not name.endswith(".json") and info.size <= TEXT_CAP:
            try:
                texts[name] = checkpoint.read_text(name)
            except CheckpointError:
                continue  # its bytes are compared all the same
    return texts


def _documents(checkpoint: Checkpoint) -> tuple[dict[str, Any], dict[str, str]]:
    documents, broken = {}, {}
    left_out = {*VOCABULARIES, *BOOKKEEPING, INDEX_FILE}
    for name, info in checkpoint.files.items():
        base = name.rpartition("/")[2]
        if name.endswith(".json") and base not in left_out and info.size <= TEXT_CAP:
            try:
                documents[name] = checkpoint.read_document(name).value
            except CheckpointError as error:
                broken[name] = f"{checkpoint.name}: {error.what}"
    return documents, broken


def _tensors(checkpoint: Checkpoint, digests: Digests) -> dict[str, Tensor] | Unknown:
    headless = _headless(checkpoint)
    if headless and checkpoint.index is None:
        return Unknown(": ".join(next(iter(headless.items()))))
    return {
        name: Tensor(
            f"{info.dtype} {list(info.shape)}",
            info.shard,
            info.start,
            digests.tensors.get((info.shard, name)),
        )
        for name, info in checkpoint.tensors.items()
    }
