"""Fold findings that say the same of many places: one line and a count, not a thousand lines."""

import re
from collections import Counter
from collections.abc import Iterable
from math import prod

import msgspec

from release.rules import SEVERITIES, Finding
from release.rules.catalogue import all_rules
from release.rules.runner import NotChecked
from release.units import plural

NAMED = 3
_RULE = re.compile(r"[A-Z]\d{3} ")
_NUMBER = re.compile(r"([0-9]{1,18})")
_VALUE = re.compile(
    r"-?[0-9]+(,[0-9]{3})*([.][0-9]+)?(e[+-]?[0-9]+)?((, [0-9]+(,[0-9]{3})*)*(, …)?)"
)


class Folded(msgspec.Struct, frozen=True):
    """Findings of one rule that differ only in numbers and modules; the first stands for all.

    `place` names every place if numbers in braces can: `layers.{0-3}.mlp.gate_proj`. Else it is
    the first one's, or the first ones' in braces, and `others` are the rest, in braces too.
    """

    first: Finding
    count: int
    place: str
    others: tuple[str, ...]


def fold(findings: Iterable[Finding]) -> tuple[Folded, ...]:
    """Group findings by rule, severity, reason and shape of the message; worst first.

    Modules and tensors of which the same is said are one group: a wrong word in a config group is
    seen in all of its modules. Other places are grouped where they differ only in numbers; lines of
    a text are places of their own.
    """
    groups: dict[tuple[str, ...], dict[str, list[Finding]]] = {}
    for finding in findings:
        where, message = finding.where, _VALUE.sub("#", finding.message)
        shape = str(where) if where.line else _NUMBER.sub("#", str(where))
        apart = "" if where.module or where.tensor else shape
        reason = getattr(finding, "reason", "")  # of those that the manifest allows
        group = groups.setdefault((finding.severity, finding.rule, message, reason, apart), {})
        group.setdefault(shape, []).append(finding)
    folded = [_fold(list(group.values())) for group in groups.values()]
    return tuple(sorted(folded, key=lambda item: SEVERITIES.index(item.first.severity)))


def fold_reasons(entries: Iterable[NotChecked]) -> dict[str, str]:
    """Give each reason with what was not checked for it: `16 base rules`."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        reasons.setdefault(entry.reason, []).append(entry.what)
    return {reason: _together(names) for reason, names in reasons.items()}


def _together(names: list[str]) -> str:
    """Name a few, count the rules of a family where there are more."""
    rules = [name for name in names if _RULE.match(name)]
    others = [name for name in names if not _RULE.match(name)]
    if len(others) > NAMED + 1:
        others[NAMED:] = [f"and {len(others) - NAMED:,} more"]
    if len(rules) <= NAMED:
        return ", ".join([*rules, *others])
    family = {str(rule): rule.family for rule in all_rules()}
    families = Counter(family.get(name, name[0]) for name in rules)
    counted = [plural(count, f"{name} rule") for name, count in families.items()]
    return ", ".join([*counted, *others])


def _fold(alike: list[list[Finding]]) -> Folded:
    """Fold findings of one message, given by the shape of their places."""
    place, *others = (name for group in alike for name in _places(group))
    names = dict.fromkeys(other.rpartition(": ")[2] for other in others)
    return Folded(alike[0][0], sum(map(len, alike)), place, tuple(names))


def _places(group: list[Finding]) -> tuple[str, ...]:
    """Places that differ only in numbers, as one where braces can."""
    places = tuple(dict.fromkeys(str(finding.where) for finding in group))
    together = in_braces(places)
    return places if together is None else (together,)


def in_braces(places: tuple[str, ...]) -> str | None:
    """Write places that differ only in numbers as one; None where that would name others too."""
    columns = list(zip(*(_NUMBER.split(place) for place in places), strict=True))
    numbers = [sorted(set(column), key=int) for column in columns[1::2]]
    if prod(map(len, numbers)) != len(places):
        return None
    texts = [column[0] for column in columns]
    texts[1::2] = [values[0] if len(values) == 1 else _ranges(values) for values in numbers]
    return "".join(texts)


def _ranges(numbers: list[str]) -> str:
    """Numbers as ranges: `{0-3,7}`."""
    runs: list[list[str]] = []
    for number in numbers:
        if runs and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    spans = (run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{{{','.join(spans)}}}"
