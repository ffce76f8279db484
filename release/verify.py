"""Verify a checkpoint: gather facts, run rules, make the report."""

import gc
import platform
import time
from collections.abc import Callable
from typing import Any

import msgspec

from release import __version__
from release.allowances import Outcome, apply_allows
from release.checkpoint import Checkpoint, open_checkpoint
from release.checkpoint.folder import Folder
from release.checkpoint.location import Location
from release.comparison.results import ROTATED
from release.errors import CheckpointError
from release.facts import Facts, Level, parameters
from release.facts.changes import Change
from release.facts.comparison import Comparison
from release.facts.dated import Dated
from release.facts.identity import CARD_FILES, FileDigest
from release.facts.reference import Reference
from release.facts.scan import Scanning
from release.facts.side_files import side_files
from release.manifest import Allow
from release.report import DONE, NOT_RUN, SCHEMA, Report, Subject, Tool, summarise
from release.rules.catalogue import Rule, all_rules, is_code, select_rules
from release.rules.runner import NotChecked, run_rules
from release.scan.values import Scan
from release.smoke.evidence import Engine
from release.smoke.unjudged import unjudged
from release.unknown import Unknown

UNUSED = "unused_allows"
DESELECTED = "left out by --select or --ignore"
BYTES_OF = "the bytes of "
REUSED = "reused from an earlier run: same size, inode and time of change (--reuse)"
THEIRS = ("their_declaration", "their_weights", "their_tokenizer", "their_turns", "their_model")
REPORTED_FACTS = (
    *("model", "weights", "kv", "precision", "quantization", "method", "minimum_vllm", "values"),
)


class Request(msgspec.Struct, frozen=True):
    """What to verify and how: the options of `release verify`.

    With `engine`, in vLLM too; with `reference`, compressed-tensors and transformers are asked.
    """

    location: Location
    level: Level = Level.BYTES
    base: Location | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow: tuple[Allow, ...] = ()
    dated: tuple[Dated, ...] = ()
    scanning: Scanning = Scanning()
    engine: Engine | None = None
    reference: Reference | None = None


def verify(request: Request) -> Report:
    """Verify a local checkpoint.

    Raises `CheckpointError` when it cannot be read at all, or changed while it was read.
    """
    timings: dict[str, float] = {}
    checkpoint = _timed(timings, "headers", lambda: _open(request.location))
    checkpoint.source.prefetch(side_files(checkpoint))
    facts = _facts(checkpoint, request)
    _timed(timings, "reference", lambda: [facts.get(name) for name in THEIRS])
    identity = _timed(timings, "bytes", lambda: facts.get("identity"))
    _require_settled(facts.get("changes"))
    comparison = _timed(timings, "base", lambda: facts.get("comparison"))
    _require_settled(facts.get("late_changes"))
    smoke = _timed(timings, "smoke", lambda: facts.get("smoke"))
    rules = _of_checkpoints(select_rules(request.select, request.ignore))
    outcome = _timed(timings, "rules", lambda: _judge(rules, facts, request))
    open_rules = {entry.what for entry in outcome.not_checked}
    hashed = not isinstance(identity, Unknown)
    return Report(
        schema=SCHEMA,
        tool=Tool("release", __version__),
        checkpoint=Subject(
            checkpoint.name,
            identity.digest if hashed else None,
            identity.files if hashed else _unhashed(checkpoint),
            checkpoint.source.origin,
        ),
        levels={
            "headers": DONE,
            "bytes": DONE if hashed else NOT_RUN,
            "base": NOT_RUN if isinstance(comparison, Unknown) else DONE,
            "reference": DONE if request.reference else NOT_RUN,
            "smoke": NOT_RUN if isinstance(smoke, Unknown) else DONE,
        },
        checked=tuple(rule.code for rule in rules if str(rule) not in open_rules),
        summary=summarise(outcome.findings),
        findings=outcome.findings,
        suppressed=outcome.suppressed,
        not_checked=(
            *outcome.not_checked,
            *(
                NotChecked(str(rule), DESELECTED)
                for rule in _of_checkpoints(all_rules())
                if rule not in rules
            ),
            *_unread(facts.get("scan"), request),
            *_uncompared(comparison),
            *_not_asked(facts),
        ),
        facts=reported_facts(facts),
        environment={"python": platform.python_version(), "platform": platform.system()},
        timings=timings,
    )


def reused(report: Report) -> frozenset[str]:
    """Name the files whose bytes an earlier run read, not this one."""
    entries = (entry.what for entry in report.not_checked if entry.reason == REUSED)
    return frozenset(what.removeprefix(BYTES_OF) for what in entries)


def reported_facts(facts: Facts) -> dict[str, Any]:
    """Give the facts that a report holds, as JSON values; `base` and `smoke` where they ran."""
    reported = {name: describe(facts.get(name)) for name in REPORTED_FACTS}
    if Level.BASE in facts.levels:
        reported["base"] = describe(facts.get("distance"))
    if Level.REFERENCE in facts.levels:
        reported["reference"] = facts.get("reference").versions
    if Level.SMOKE in facts.levels:
        reported["smoke"] = describe(facts.get("smoke"))
    return reported


def _facts(checkpoint: Checkpoint, request: Request) -> Facts:
    """The facts, with the base opened if one is named. Raises `CheckpointError`."""
    given: dict[str, Any] = {"checkpoint": checkpoint, "scanning": request.scanning}
    given["dated"] = request.dated
    levels = [request.level]
    if request.base is not None:
        given["base"] = base = _open(request.base)
        _require_another(checkpoint, base)
        levels.append(Level.BASE)
    if request.reference is not None:
        given["reference"] = request.reference
        levels.append(Level.REFERENCE)
    if request.engine is not None:
        given["engine"] = request.engine
        levels.append(Level.SMOKE)
    return Facts(given, *levels)


def _require_another(checkpoint: Checkpoint, base: Checkpoint) -> None:
    """Raise a `CheckpointError` where the base is the checkpoint: it would be all it should be."""
    ours, theirs = checkpoint.source, base.source
    if isinstance(ours, Folder) and isinstance(theirs, Folder):
        same = ours.root.samefile(theirs.root)
    else:
        places = [(s.origin.repository, s.origin.commit) for s in (ours, theirs) if s.origin]
        same = places[1:] == places[:1]
    if same:
        hint = "name the model that it was quantized from"
        raise CheckpointError("--base", "is the checkpoint itself", hint)


def _require_settled(changes: tuple[Change, ...] | Unknown) -> None:
    """Raise F123's finding as a `CheckpointError`: of bytes that nobody has there is no report."""
    if isinstance(changes, Unknown) or not changes:
        return
    hint = "verify again when nothing writes to the folder"
    raise CheckpointError(changes[0].file, changes[0].what, hint)


def _of_checkpoints(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Leave out what judges the text of a card: that is `release card --check`."""
    return tuple(rule for rule in rules if Level.CARD not in rule.load().levels)


def _judge(rules: tuple[Rule, ...], facts: Facts, request: Request) -> Outcome:
    """Run the chosen rules, apply the manifest's allows, then judge those that nothing needed."""
    loaded_rules = [rule.load() for rule in rules]
    last = [loaded for loaded in loaded_rules if UNUSED in parameters(loaded.check)]
    first = [loaded for loaded in loaded_rules if loaded not in last]
    outcome = apply_allows(run_rules(first, facts), request.allow)
    ran = {loaded.rule.code for loaded in first}
    unused = tuple(
        allow for allow in outcome.unused if allow.code in ran or not is_code(allow.rule)
    )
    verdicts = run_rules(last, Facts({UNUSED: unused}, request.level))
    return msgspec.structs.replace(outcome, findings=(*outcome.findings, *verdicts.findings))


def _open(location: Location) -> Checkpoint:
    """Keep the collector from walking the tensors of a large MoE again and again."""
    gc.disable()
    try:
        return open_checkpoint(location)
    finally:
        gc.freeze()
        gc.enable()


def _timed(timings: dict[str, float], name: str, step: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = step()
    timings[name] = round(time.perf_counter() - start, 4)
    return result


def _unread(scan: Scan | Unknown, request: Request) -> tuple[NotChecked, ...]:
    if isinstance(scan, Unknown):
        required = request.level >= Level.BYTES
        return (NotChecked("sha256 of every file", scan.reason, required),)
    return tuple(NotChecked(f"{BYTES_OF}{name}", REUSED) for name in scan.reused)


def _uncompared(comparison: Comparison | Unknown) -> tuple[NotChecked, ...]:
    """What could not be held against the base, an entry for each reason."""
    if isinstance(comparison, Unknown):
        return ()
    if comparison.foreign:
        return (NotChecked("every tensor against the base", f"it is {comparison.foreign}", True),)
    names: dict[str, list[str]] = {}
    for name, reason in comparison.uncompared.items():
        names.setdefault(reason, []).append(name)
    return tuple(
        NotChecked(_against_base(tensors), reason, required=reason != ROTATED)
        for reason, tensors in names.items()
    )


def _against_base(tensors: list[str]) -> str:
    more = f" and {len(tensors) - 1:,} more" if len(tensors) > 1 else ""
    return f"{tensors[0]}{more} against the base"


def _not_asked(facts: Facts) -> tuple[NotChecked, ...]:
    """What of the smoke test was not judged because the manifest does not ask for it."""
    if Level.SMOKE not in facts.levels:
        return ()
    left = unjudged(facts.get("smoke"), facts.get("engine_run"))
    return tuple(NotChecked(f"smoke: {what}", reason) for what, reason in left.items())


def _unhashed(checkpoint: Checkpoint) -> tuple[FileDigest, ...]:
    infos = sorted(checkpoint.files.values(), key=lambda info: info.path)
    return tuple(FileDigest(i.path, i.size, None) for i in infos if i.path not in CARD_FILES)


def describe(value: Any) -> Any:
    """Give a fact as the report holds it."""
    if isinstance(value, Unknown):
        return {"not_estimated": value.reason}
    return msgspec.to_builtins(value)
