"""What the templates of the card get: traced values, and tables of them."""

from pathlib import Path
from typing import Any

import msgspec

from release.card.beside import is_beside, read_beside
from release.card.commands import require_served
from release.card.distance import distance_table
from release.card.evaluation import Evaluated, evaluate, evaluation_table
from release.card.figures import Traced
from release.card.files import card_files
from release.card.header import header_fields
from release.card.issues import relevance
from release.card.ledger import PROVENANCE, Ledger
from release.card.origins import origin_of
from release.card.profiles import (
    Advertised,
    advertise,
    command_lines,
    hardware_table,
    is_served,
    kernels_table,
)
from release.checkpoint import Checkpoint
from release.errors import CheckpointError
from release.facts.recipe import RECIPE_FILE
from release.fit.subject import NotEstimated, Subject, subject_of
from release.manifest import Manifest
from release.manifest.tables import Engine, Issue
from release.report import Report
from release.report.fold import fold_reasons
from release.tables import (
    Reported,
    architecture_table,
    cache_table,
    context_length,
    is_known,
    precision_table,
    serving_table,
    weights_table,
)
from release.tables.measured import measured_table

SHOWN_CAP = 64 << 10  # bytes


class Sources(msgspec.Struct, frozen=True):
    """All that a card is rendered from, and the files that it brings along."""

    report: Report
    manifest: Manifest
    advertised: Advertised
    evaluated: Evaluated
    issues: tuple[Issue, ...]
    engines: tuple[Engine, ...]
    files: dict[str, str]
    recipe: str | None = None
    script: str | None = None


def gather(report: Report, manifest: Manifest, checkpoint: Checkpoint, home: Path) -> Sources:
    """Read what release.toml names, and answer for its commands. Raises `ReleaseError`."""
    subject = _subject(manifest, checkpoint)
    require_served(manifest, subject)
    advertised = advertise(manifest, subject, report, home)
    evaluated = evaluate(manifest, home)
    is_relevant = relevance(manifest, report)
    return Sources(
        report=report,
        manifest=manifest,
        advertised=advertised,
        evaluated=evaluated,
        issues=tuple(
            issue
            for i, issue in enumerate(manifest.known_issues)
            if is_relevant(f"known-issues[{i}]")
        ),
        engines=tuple(
            engine for i, engine in enumerate(manifest.engines) if is_relevant(f"engines[{i}]")
        ),
        files=card_files(report.facts, manifest, evaluated, advertised),
        recipe=_recipe(checkpoint),
        script=_script(manifest, home),
    )


def _recipe(checkpoint: Checkpoint) -> str | None:
    """The recipe as it lies in the checkpoint, unless it is too long to be read on a page."""
    info = checkpoint.files.get(RECIPE_FILE)
    if info is None or info.size > SHOWN_CAP:
        return None
    try:
        return checkpoint.read_text(RECIPE_FILE)
    except CheckpointError:
        return None


def _script(manifest: Manifest, home: Path) -> str | None:
    """The script that made it, if it lies beside release.toml."""
    name = manifest.production.script if manifest.production else None
    if name is None or not is_beside(home, name):
        return None
    return read_beside(home, name, SHOWN_CAP)


def make_context(sources: Sources, ledger: Ledger) -> dict[str, Any]:
    """Trace everything that a template may print. Raises `ReleaseError`."""
    report, manifest, advertised = sources.report, sources.manifest, sources.advertised
    facts = report.facts
    argv = (manifest.repo, *manifest.serve_args)
    return {
        "header": _header(facts, manifest, ledger),
        "manifest": _trace(manifest, "manifest"),
        "name": _trace(manifest.repo.partition("/")[2], "manifest.repo"),
        "report": _trace(report, "report"),
        "facts": _trace(facts, "facts"),
        "not_checked": _trace(fold_reasons(report.not_checked), "report.not_checked"),
        "context_length": _trace(context_length(facts), "facts.model.settings"),
        "schemes": _trace(_schemes(facts), "facts.precision"),
        "command": _trace("\n".join(command_lines(argv)), "manifest.serve-args"),
        "served": is_served(report, argv),
        "profiles": [_trace(profile, "profiles") for profile in advertised.profiles],
        "evaluated": _trace(_evaluated(sources.evaluated), "evaluation"),
        "issues": _trace(sources.issues, "manifest.known-issues"),
        "engines": _trace(sources.engines, "manifest.engines"),
        "files": _trace(sorted(sources.files), "files"),
        "recipe": _trace(sources.recipe, "recipe"),
        "script": _trace(sources.script, "manifest.production.script"),
        "tables": _tables(sources),
        "provenance": PROVENANCE,
    }


def _evaluated(evaluated: Evaluated) -> dict[str, Any]:
    """What a template says of runs; `compared` if every score has the base's beside it."""
    compared = all(claim.base is not None for claim in evaluated.claims)
    return {"compared": compared, "runs": evaluated.runs, "notes": evaluated.notes}


def _tables(sources: Sources) -> dict[str, Any]:
    """Tables by name, None where there is nothing to show."""
    facts, advertised = sources.report.facts, sources.advertised
    return {
        "architecture": architecture_table(facts),
        "cache": cache_table(facts),
        "distance": distance_table(facts),
        "evaluation": evaluation_table(sources.evaluated.claims),
        "hardware": hardware_table(advertised.profiles),
        "measured": measured_table(facts),
        "kernels": kernels_table(advertised.profiles),
        "precision": precision_table(facts),
        "serving": serving_table(facts),
        "weights": weights_table(facts),
    }


def _header(facts: Reported, manifest: Manifest, ledger: Ledger) -> str:
    fields = header_fields(facts, manifest)
    return "\n".join(ledger.field(text, f"header.{name}") for text, name in fields)


def _schemes(facts: Reported) -> list[str]:
    rows: Any = facts.get("precision")
    return [row["scheme"] for row in rows if row["group"]] if is_known(rows) else []


def _subject(manifest: Manifest, checkpoint: Checkpoint) -> Subject | str:
    """The model to serve, or why it is not known; not asked where no command has an option."""
    if not (manifest.serve or manifest.serve_args):
        return "nothing is advertised"
    try:
        return subject_of(checkpoint, manifest.repo)
    except NotEstimated as error:
        return error.what.removeprefix("not estimated: ")


def _trace(value: Any, name: str) -> Traced:
    return Traced(value, name, origin_of)
