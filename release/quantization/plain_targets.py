"""Targets without regular expressions proper: names, and the ends of names after `.*`.

Every reader of targets understands them alike, the Hub's page included, which has no regex engine.
"""

import re
from collections import defaultdict
from collections.abc import Mapping

from release.quantization.match import PATTERN

LONGEST = 64
LITERAL = re.compile(r"[\w.*-]+")  # of names that stand for themselves in a pattern


def plain_targets(owners: Mapping[str, str | None], group: str) -> tuple[str, ...] | None:
    """The shortest targets that match the modules of `group` and no other.

    `owners` are all modules that can be claimed, each with its group. None where it takes more
    than 64 targets, as with groups that differ from layer to layer.
    """
    shared: dict[str, set[str | None]] = defaultdict(set)
    for name, owner in owners.items():
        shared[_numberless(name)].add(owner)
    others = [shape.replace("*", "0") for shape, groups in shared.items() if groups != {group}]
    endings: dict[str, str | None] = {}
    targets: dict[str, None] = {}
    for name, owner in owners.items():
        if owner != group:
            continue
        shape = _numberless(name)
        if shape not in endings:
            endings[shape] = _ending(shape, others) if shared[shape] == {group} else None
        targets[endings[shape] or name] = None  # a name is a target too
        if len(targets) > LONGEST:
            return None
    return tuple(targets)


def _numberless(name: str) -> str:
    return ".".join("*" if part.isdecimal() else part for part in name.split("."))


def _ending(shape: str, others: list[str]) -> str | None:
    """The shortest pattern of a name's last parts that none of the other names has."""
    parts = shape.split(".") if LITERAL.fullmatch(shape) else []
    for start in range(len(parts) - 1, 0, -1):
        if parts[start] == "*":
            continue
        body = ".".join(parts[start:]).replace(".", r"\.").replace("*", ".*")
        pattern = re.compile(rf".*\.{body}$")
        if not any(pattern.match(other) for other in others):
            return f"{PATTERN}{pattern.pattern}"
    return None
