"""Verify a checkpoint: gather facts, run rules, make the report."""

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from release import __version__
from release.checkpoint import Checkpoint, open_checkpoint
from release.facts import Facts, Level
from release.facts.identity import CARD_FILE, FileDigest
from release.manifest import Allow
from release.report import DONE, NOT_RUN, SCHEMA, Report, Subject, Suppressed, Tool, summarise
from release.rules import Finding, Where
from release.rules.catalogue import select_rules
from release.rules.runner import NotChecked, run_rules
from release.unknown import Unknown

REPORTED_FACTS = ("model", "weights", "kv", "precision", "quantization")
NOT_YET = (
    NotChecked(
        "values in the bytes (V rules)", "this version hashes every byte and judges no values"
    ),
    NotChecked("comparison with the base model (B rules)", "not part of this version"),
    NotChecked("loading and generating in vLLM (S rules)", "not part of this version"),
)


class Request(msgspec.Struct, frozen=True):
    """What to verify and how: the options of `release verify`."""

    path: Path
    level: Level = Level.BYTES
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow: tuple[Allow, ...] = ()


def verify(request: Request) -> Report:
    """Verify a local checkpoint. Raises `CheckpointError` when it cannot be read at all."""
    timings: dict[str, float] = {}
    rules = [rule.load() for rule in select_rules(request.select, request.ignore)]
    checkpoint = _timed(timings, "headers", lambda: open_checkpoint(request.path))
    facts = Facts({"checkpoint": checkpoint}, request.level)
    identity = _timed(timings, "bytes", lambda: facts.get("identity"))
    verdicts = _timed(timings, "rules", lambda: run_rules(rules, facts))
    findings, suppressed, skipped = apply_allows(
        verdicts.findings, verdicts.not_checked, request.allow
    )
    hashed = not isinstance(identity, Unknown)
    return Report(
        schema=SCHEMA,
        tool=Tool("release", __version__),
        checkpoint=Subject(
            checkpoint.name,
            identity.digest if hashed else None,
            identity.files if hashed else _unhashed(checkpoint),
        ),
        levels={
            "headers": DONE,
            "bytes": DONE if hashed else NOT_RUN,
            "base": NOT_RUN,
            "smoke": NOT_RUN,
        },
        summary=summarise(findings),
        findings=findings,
        suppressed=suppressed,
        not_checked=(*skipped, *NOT_YET),
        facts=reported_facts(facts),
        environment={"python": platform.python_version(), "platform": platform.system()},
        timings=timings,
    )


def reported_facts(facts: Facts) -> dict[str, Any]:
    """Give the facts that a report holds, as JSON values."""
    return {name: _fact(facts.get(name)) for name in REPORTED_FACTS}


def apply_allows(
    findings: tuple[Finding, ...], skipped: tuple[NotChecked, ...], allows: tuple[Allow, ...]
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...], tuple[NotChecked, ...]]:
    """Move what the manifest allows out of the findings; an allow that hits nothing is one."""
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[Allow] = set()
    for finding in findings:
        allow = next((entry for entry in allows if entry.covers(finding)), None)
        if allow is None:
            kept.append(finding)
        else:
            used.add(allow)
            fields = {name: getattr(finding, name) for name in Finding.__struct_fields__}
            suppressed.append(Suppressed(**fields, reason=allow.reason))
    entries = []
    for entry in skipped:
        allow = next((a for a in allows if entry.what.startswith(f"{a.rule} ")), None)
        if allow:
            used.add(allow)
            entry = NotChecked(entry.what, f"{entry.reason} (allowed: {allow.reason})")  # noqa: PLW2901
        entries.append(entry)
    for allow in allows:
        if allow not in used:
            where = Where(file="release.toml", path=f"allow {allow.rule} {allow.where}")
            message = f"allows {allow.rule} at {allow.where!r}, but nothing there needs it"
            kept.append(
                Finding("K109", "allow-unused", "warning", where, message, "remove the entry")
            )
    return tuple(kept), tuple(suppressed), tuple(entries)


def _timed(timings: dict[str, float], name: str, step: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = step()
    timings[name] = round(time.perf_counter() - start, 4)
    return result


def _unhashed(checkpoint: Checkpoint) -> tuple[FileDigest, ...]:
    infos = sorted(checkpoint.files.values(), key=lambda info: info.path)
    return tuple(FileDigest(i.path, i.size, None) for i in infos if i.path != CARD_FILE)


def _fact(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {"not_estimated": value.reason}
    return msgspec.to_builtins(value)
