"""The audit of a card: its claims are facts too, and the K rules judge them."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from release import __version__
from release.allowances import apply_allows
from release.audit.page import Page, read_page
from release.audit.places import strangers
from release.audit.published import Published, Rendered
from release.audit.releases import is_newer, releases
from release.card import render_card
from release.card.seal import MARK, is_ours
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.facts import FACTS, Facts, Level, parameters
from release.manifest import Manifest
from release.memory.versions import NEWEST
from release.report import DONE, NOT_RUN, SCHEMA, Report, Subject, Tool, summarise
from release.rules import Finding
from release.rules.catalogue import LoadedRule, all_rules
from release.rules.runner import NotChecked, run_rules
from release.unknown import Unknown
from release.verify import describe

EDITED = "K111"
NO_CHECKPOINT = Unknown("no checkpoint was given")


class Audit(msgspec.Struct, frozen=True):
    """What to audit and against what: all but the card's text may be missing.

    `home` is the folder of release.toml, for templates of its own.
    """

    name: str
    text: str
    checkpoint: Checkpoint | None = None
    manifest: Manifest | None = None
    report: Report | None = None
    home: Path = Path()


def audit_card(audit: Audit) -> Report:
    """Judge every claim of a card that a fact answers."""
    page = read_page(audit.name, audit.text)
    rules = [loaded for rule in all_rules() if _is_about_cards(loaded := rule.load())]
    facts = Facts(_given(audit, page), Level.CARD)
    verdicts = run_rules(rules, facts)
    verdicts = msgspec.structs.replace(verdicts, findings=_once(verdicts.findings))
    outcome = apply_allows(verdicts, audit.manifest.allow if audit.manifest else ())
    optional = audit.checkpoint is None
    return Report(
        schema=SCHEMA,
        tool=Tool("release", __version__),
        checkpoint=Subject(audit.checkpoint.name if audit.checkpoint else audit.name, None, ()),
        levels={"headers": NOT_RUN if optional else DONE, "card": DONE},
        checked=_checked(rules, outcome.not_checked),
        summary=summarise(outcome.findings),
        findings=outcome.findings,
        suppressed=outcome.suppressed,
        not_checked=(
            *(
                NotChecked(entry.what, entry.reason, required=entry.required and not optional)
                for entry in outcome.not_checked
            ),
            *_open(facts),
        ),
        facts={name: describe(facts.get(name)) for name in ("model", "weights")},
        environment={"python": platform.python_version(), "platform": platform.system()},
        timings={},
    )


def _once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """A line that was not rendered so is said once, with what would be rendered."""
    edited = {found.where.line for found in findings if found.rule == EDITED} - {None}
    return tuple(
        found for found in findings if found.rule == EDITED or found.where.line not in edited
    )


def _is_about_cards(loaded: LoadedRule) -> bool:
    return any(
        FACTS[name].level is Level.CARD for name in parameters(loaded.check) if name in FACTS
    )


def _open(facts: Facts) -> Iterator[NotChecked]:
    """What no rule can say: commands and claims that were not judged, and why."""
    why = facts.get("rendered").why
    if why:
        yield NotChecked("the card against a fresh rendering", why)
    for trial in _list(facts.get("trials")):
        if trial.open is not None:
            place = f" on {trial.machine.gpu.name}" if trial.machine else ""
            yield NotChecked(f"the command on line {trial.shell.line}{place}", trial.open)
    for trial in {each.shell.line: each for each in _list(facts.get("trials"))}.values():
        if trial.other is not None:
            what = f"the options of the command on line {trial.shell.line}, for vLLM {trial.other}"
            yield NotChecked(what, f"only those of vLLM 0.17 to {NEWEST} are known")
    for each in _list(facts.get("checksums")):
        if each.true is None:
            what = f"the sha256 of {each.file} on line {each.line}"
            yield NotChecked(what, "the file is too large to be read for it: release verify")
    yield from _unknown(facts)
    for bound in _list(facts.get("bounds")):
        if bound.open is not None:
            name = bound.claim.machine.gpu.name
            yield NotChecked(f"the claim about {name} on line {bound.claim.line}", bound.open)


def _unknown(facts: Facts) -> Iterator[NotChecked]:
    """What the card names and nobody has looked up: GPUs, and releases that are newer."""
    page, mentions = facts.get("page"), facts.get("mentions")
    names: dict[str, int] = {}
    for line in page.lines:
        for name in strangers(f"{line.text} {line.heading}"):
            names.setdefault(name, line.number)
    for name, number in names.items():
        yield NotChecked(f"what is said of {name} on line {number}", "this GPU is not known")
    day = releases().as_of
    for release in {(each.package, each.version): each for each in mentions.releases}.values():
        if is_newer(release.package, release.version):
            what = f"{release.package} {release.version} on line {release.line}"
            yield NotChecked(what, f"is newer than what was looked up on {day}")


def _list(value: Any) -> tuple[Any, ...]:
    return () if isinstance(value, Unknown) else value


def _checked(rules: list[LoadedRule], left: tuple[NotChecked, ...]) -> tuple[str, ...]:
    skipped = {entry.what for entry in left}
    return tuple(loaded.rule.code for loaded in rules if str(loaded.rule) not in skipped)


def _given(audit: Audit, page: Page) -> dict[str, Any]:
    given: dict[str, Any] = {"page": page, "checkpoint": audit.checkpoint or NO_CHECKPOINT}
    manifest = audit.manifest
    if manifest is not None:
        given["published"] = Published(manifest.repo, manifest.license, manifest.base.model)
    if MARK in audit.text:
        given["rendered"] = _render(audit)
    return given


def _levels(text: str) -> str:
    """The line of a card that names the levels of its report."""
    return next((line for line in text.split("\n") if line.startswith("| Levels |")), "")


def _render(audit: Audit) -> Rendered:
    sealed = is_ours(audit.text)
    if audit.manifest is None or audit.report is None or audit.checkpoint is None:
        return Rendered(sealed, None, "release.toml, a report and the checkpoint are needed")
    try:
        card = render_card(audit.report, audit.manifest, audit.checkpoint, audit.home)
    except ReleaseError as error:
        return Rendered(sealed, None, str(error))
    if sealed and _levels(card.text) != _levels(audit.text):
        return Rendered(sealed, None, "the report at hand is of other levels than the card's")
    return Rendered(sealed, card.text)
