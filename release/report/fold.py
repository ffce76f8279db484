"""Fold findings that say the same of many places: one line and a count, not a thousand lines."""

import re
from collections.abc import Iterable

import msgspec

from release.rules import SEVERITIES, Finding
from release.rules.runner import NotChecked

_NUMBER = re.compile(r"\d+")


class Folded(msgspec.Struct, frozen=True):
    """Findings of one rule that differ only in numbers; the first stands for all."""

    first: Finding
    count: int
    others: tuple[Finding, ...]


def fold(findings: Iterable[Finding]) -> tuple[Folded, ...]:
    """Group findings by rule, severity and shape of place and message; worst first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        shape = (_NUMBER.sub("#", str(finding.where)), _NUMBER.sub("#", finding.message))
        groups.setdefault((finding.severity, finding.rule, *shape), []).append(finding)
    folded = [Folded(group[0], len(group), tuple(group[1:])) for group in groups.values()]
    return tuple(sorted(folded, key=lambda item: SEVERITIES.index(item.first.severity)))


def fold_reasons(entries: Iterable[NotChecked]) -> dict[str, list[str]]:
    """Group what was not checked by its reason."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        reasons.setdefault(entry.reason, []).append(entry.what)
    return reasons
