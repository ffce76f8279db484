"""Hold two sides together."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from release.checkpoint import CONFIG_FILE
from release.diff import Difference, Figure, FileChange, TensorChange
from release.diff.sides import File, Side, Tensor
from release.diff.values import Change, compare_values
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.rules import Finding
from release.tables import all_tables
from release.unknown import Unknown

LONG = 20_000
"""Lines of a text; of longer ones only the fact that they differ is told."""


def compare(old: Side, new: Side) -> Difference:
    """Give everything that differs, and what could not be compared."""
    open_ends: dict[str, str] = {}
    files, same_files = _files(old, new, open_ends)
    tensors, same_tensors = _tensors(old, new, open_ends)
    return Difference(
        old=old.end,
        new=new.end,
        tensors=tensors,
        same_tensors=same_tensors,
        settings=_settings(old, new, open_ends),
        files=files,
        same_files=same_files,
        facts=tuple(_facts(old.facts, new.facts)),
        figures=_figures(old, new, open_ends),
        findings=_findings(old.findings, new.findings),
        not_compared=open_ends,
    )


def _files(old: Side, new: Side, open_ends: dict[str, str]) -> tuple[tuple[FileChange, ...], int]:
    changes, same = [], 0
    reported = isinstance(old.documents, Unknown) or isinstance(new.documents, Unknown)
    left_out = {CARD_FILE} if reported else set()  # a report is never about the card
    refused = old.refused | new.refused
    open_ends.update(refused)
    for path in sorted({*old.files, *new.files} - left_out - refused.keys()):
        before, after = old.files.get(path), new.files.get(path)
        if before is None or after is None:
            old_size, new_size = (side.size if side else None for side in (before, after))
            changes.append(FileChange(path, old_size, new_size))
            continue
        alike = _alike(before, after)
        if alike is None:
            open_ends[path] = "its bytes were not read on both sides (--level bytes)"
        elif alike:
            same += 1
        else:
            changes.append(FileChange(path, before.size, after.size, _lines(path, old, new)))
    return tuple(changes), same


def _alike(old: File, new: File) -> bool | None:
    if old.size != new.size:
        return False
    if old.sha256 is None or new.sha256 is None:
        return None
    return old.sha256 == new.sha256


def _lines(path: str, old: Side, new: Side) -> tuple[int, int] | None:
    """Lines that a text lost and gained."""
    if path not in old.texts or path not in new.texts:
        return None
    before, after = old.texts[path].splitlines(), new.texts[path].splitlines()
    if max(len(before), len(after)) > LONG:
        return None
    lost = gained = 0
    for line in difflib.unified_diff(before, after, n=0, lineterm=""):
        lost += line.startswith("-") and not line.startswith("--- ")
        gained += line.startswith("+") and not line.startswith("+++ ")
    return lost, gained


def _tensors(
    old: Side, new: Side, open_ends: dict[str, str]
) -> tuple[tuple[TensorChange, ...], int]:
    for tensors in (old.tensors, new.tensors):
        if isinstance(tensors, Unknown) and not _same_shards(old, new):
            open_ends["tensors"] = tensors.reason
    if isinstance(old.tensors, Unknown) or isinstance(new.tensors, Unknown):
        return (), 0
    changes, same, unread = [], 0, 0
    for name in {**old.tensors, **new.tensors}:
        before, after = old.tensors.get(name), new.tensors.get(name)
        lost = _headless(name, old) or _headless(name, new)
        if lost:
            open_ends |= lost
            continue
        if before is None or after is None or before.form != after.form:
            old_form, new_form = (side.form if side else None for side in (before, after))
            changes.append(TensorChange(name, old_form, new_form))
            continue
        alike = _same_bytes(before, after, old.files, new.files)
        same += alike is True
        unread += alike is None
        if alike is False:
            changes.append(TensorChange(name, before.form, after.form, bytes=True))
    if unread:
        open_ends[f"the values of {unread:,} tensors"] = (
            "their bytes were not read on both sides (--level bytes)"
        )
    return tuple(changes), same


def _headless(name: str, side: Side) -> dict[str, str]:
    """Say of a tensor that its shard's header cannot be read there."""
    shard = side.placed.get(name, "")
    return {f"the tensors of {shard}": side.headless[shard]} if shard in side.headless else {}


def _same_shards(old: Side, new: Side) -> bool:
    """Whether all weight files are known to be the same, so that tensors are too."""
    names = {n for n in {*old.files, *new.files} if n.endswith(".safetensors")}
    return all(
        n in old.files and n in new.files and _alike(old.files[n], new.files[n]) for n in names
    )


def _same_bytes(
    old: Tensor, new: Tensor, old_files: Mapping[str, File], new_files: Mapping[str, File]
) -> bool | None:
    """Compare by the tensors' own hashes, else say yes where both lie alike in equal files."""
    if old.sha256 and new.sha256:
        return old.sha256 == new.sha256
    before, after = old_files.get(old.shard), new_files.get(new.shard)
    if old.start == new.start and before and after and _alike(before, after):
        return True
    return None


def _settings(old: Side, new: Side, open_ends: dict[str, str]) -> dict[str, tuple[Change, ...]]:
    """Differences of the JSON side files that both have, by file."""
    for file, what in (*old.broken.items(), *new.broken.items()):
        open_ends[f"what {file} says"] = what
    if isinstance(old.documents, Unknown) or isinstance(new.documents, Unknown):
        return {}
    found = {
        file: tuple(compare_values(old.documents[file], new.documents[file]))
        for file in old.documents
        if file in new.documents
    }
    return {file: changes for file, changes in found.items() if changes}


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Differences of the facts that both know."""
    for name in old:
        if name in new and _is_known(old[name]) and _is_known(new[name]):
            yield from compare_values(old[name], new[name], name)


def _is_known(fact: Any) -> bool:
    return not (isinstance(fact, dict) and "not_estimated" in fact)


def _figures(old: Side, new: Side, open_ends: dict[str, str]) -> tuple[Figure, ...]:
    """Cells of the tables that print otherwise; without a config there is none to print."""
    if what := old.broken.get(CONFIG_FILE) or new.broken.get(CONFIG_FILE):
        open_ends["figures of the card"] = what
        return ()
    try:
        before, after = _cells(old.facts), _cells(new.facts)
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        hint = "verify again with this version"
        raise ReleaseError("its facts have another form", where="report", hint=hint) from error
    return tuple(
        Figure(*place, before.get(place), after.get(place))
        for place in {**before, **after}
        if before.get(place) != after.get(place)
    )


def _cells(facts: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    cells: dict[tuple[str, str, str], str] = {}
    for table in all_tables(facts):
        for row in (*table.rows, *([table.total] if table.total else ())):
            name = row[0]
            if (table.title, name, table.columns[-1]) in cells and len(row) > 1:
                name = f"{name} ({row[1]})"
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                if cell:
                    cells[table.title, name, column] = cell
    return cells


def _findings(
    old: tuple[Finding, ...] | Unknown, new: tuple[Finding, ...] | Unknown
) -> tuple[Change, ...]:
    """Findings that only one of two reports has, by rule and place."""
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return ()
    before, after = _by_place(old), _by_place(new)
    gone = (Change(place, old=before[place]) for place in before if place not in after)
    come = (Change(place, new=after[place]) for place in after if place not in before)
    return *gone, *come


def _by_place(findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        f"{finding.rule} {finding.name} at {finding.where}": msgspec.to_builtins(finding)
        for finding in findings
    }
