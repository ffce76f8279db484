"""Run rules over facts: each rule judged once, what it could not judge said."""

from collections.abc import Iterable

import msgspec

from release.facts import Facts
from release.rules import Finding
from release.rules.catalogue import LoadedRule
from release.unknown import Unknown


class NotChecked(msgspec.Struct, frozen=True):
    """Something that was not judged. `required`: the checkpoint, not the caller, is the reason."""

    what: str
    reason: str
    required: bool = False


class Verdicts(msgspec.Struct, frozen=True):
    """What the rules said, in the order of the catalogue."""

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]


def run_rules(rules: Iterable[LoadedRule], facts: Facts) -> Verdicts:
    """Run every rule whose facts are known; put the others into `not_checked`."""
    findings: list[Finding] = []
    skipped: list[NotChecked] = []
    for loaded in rules:
        result = facts.call(loaded.check)
        if isinstance(result, Unknown):
            required = loaded.levels <= facts.levels
            skipped.append(NotChecked(str(loaded.rule), result.reason, required))
            continue
        for found in result:
            severity = found.severity or loaded.metadata.severity
            identity = (loaded.rule.code, loaded.rule.name, severity)
            findings.append(Finding(*identity, found.where, found.message, found.fix))
    return Verdicts(tuple(findings), tuple(skipped))
