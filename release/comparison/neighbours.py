"""In which order other tensors are tried: those that people and tools confuse come first."""

from collections.abc import Iterable, Iterator, Mapping

from release.architecture.numbering import pattern_of

LIMIT = 600
"""Tensors tried for one weight; the nearest layers, siblings and experts are among them."""


def neighbours(name: str, shapes: Mapping[str, object]) -> Iterator[str]:
    """Give the names of the same shape: of the same block, then of the same role, then others."""
    same = [other for other, shape in shapes.items() if shape == shapes[name] and other != name]
    return iter(sorted(same, key=lambda other: _distance(name, other))[:LIMIT])


def _distance(name: str, other: str) -> tuple[int, int, str]:
    left, right = name.split("."), other.split(".")
    if len(left) != len(right):
        return 3, 0, other
    apart = [pair for pair in zip(left, right, strict=True) if pair[0] != pair[1]]
    steps = sum(abs(int(a) - int(b)) for a, b in apart if a.isdecimal() and b.isdecimal())
    return min(len(apart), 3), steps, other


def by_pattern(names: Iterable[str]) -> dict[str, list[str]]:
    """Group names that differ in numbers only."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(pattern_of(name), []).append(name)
    return groups
