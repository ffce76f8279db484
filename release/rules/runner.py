"""Run rules over facts: each rule judged once, what it could not judge said."""

from collections.abc import Iterable, Iterator

import msgspec

from release.facts import Facts
from release.rules import SEVERITIES, Finding
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
    findings: list[tuple[Finding, tuple[str, ...]]] = []
    echoes: dict[str, tuple[str, ...]] = {}
    skipped: list[NotChecked] = []
    for loaded in rules:
        result = facts.call(loaded.check)
        if isinstance(result, Unknown):
            required = loaded.levels <= facts.levels
            skipped.append(NotChecked(str(loaded.rule), result.reason, required))
            continue
        echoes[loaded.rule.code] = loaded.metadata.echoes
        for found in result:
            severity = found.severity or loaded.metadata.severity
            identity = (loaded.rule.code, loaded.rule.name, severity)
            finding = Finding(*identity, found.where, found.message, found.fix)
            findings.append((finding, found.about))
    return Verdicts(_without_echoes(findings, echoes), tuple(skipped))


def _without_echoes(
    findings: list[tuple[Finding, tuple[str, ...]]], echoes: dict[str, tuple[str, ...]]
) -> tuple[Finding, ...]:
    """Leave out what is said better, of the same place and as loudly at least, by another rule.

    What is said of a block is said of all that is in it.
    """
    voices: dict[str, list[Finding]] = {}
    for finding, _ in findings:
        voices.setdefault(_spoken_of(finding), []).append(finding)

    def is_echo(finding: Finding, about: tuple[str, ...]) -> bool:
        better, loudness = echoes[finding.rule], SEVERITIES.index(finding.severity)
        return bool(better) and any(
            other.rule.startswith(better) and SEVERITIES.index(other.severity) <= loudness
            for owner in (_spoken_of(finding), *about)
            for block in _lineage(owner)
            for other in voices.get(block, ())
        )

    return tuple(finding for finding, about in findings if not is_echo(finding, about))


def _spoken_of(finding: Finding) -> str:
    """A module; else the place itself."""
    return finding.where.owner or str(finding.where)


def _lineage(owner: str) -> Iterator[str]:
    """A module and all that it is in."""
    while owner:
        yield owner
        owner = owner.rpartition(".")[0]
