"""Two JSON values held together, path by path."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

DEEPEST = 60
NAMES = ("name", "scheme", "path", "why")
"""What entries of a list may be known by, instead of by their place."""


class Change(msgspec.Struct, frozen=True):
    """A value at a path; without `old` it was added, without `new` removed.

    `path` ends in `[]` for an entry of a list of plain values, which have no fixed place.
    """

    path: str
    old: Any = UNSET
    new: Any = UNSET


def compare_values(old: Any, new: Any, path: str = "", depth: int = 0) -> Iterator[Change]:
    """Give every path at which two JSON values differ; 1, 1.0 and true are three values."""
    if isinstance(old, dict) and isinstance(new, dict) and depth < DEEPEST:
        yield from _compare_objects(old, new, path, depth)
    elif isinstance(old, list) and isinstance(new, list) and depth < DEEPEST:
        yield from _compare_lists(old, new, path, depth)
    elif not _same(old, new):
        yield Change(path, _told(old), _told(new))


def _compare_objects(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, depth: int
) -> Iterator[Change]:
    for key in {**old, **new}:
        place = f"{path}.{key}" if path else key
        if key in old and key in new:
            yield from compare_values(old[key], new[key], place, depth + 1)
        else:
            yield Change(place, old.get(key, UNSET), new.get(key, UNSET))


def _compare_lists(
    old: Sequence[Any], new: Sequence[Any], path: str, depth: int
) -> Iterator[Change]:
    if all(isinstance(entry, str | int | float | None) for entry in (*old, *new)):
        yield from _compare_entries(old, new, path)
        return
    named = _named(old), _named(new)
    if named[0] is not None and named[1] is not None:
        yield from _compare_objects(named[0], named[1], path, depth)
        return
    for place in range(max(len(old), len(new))):
        where = f"{path}.{place}" if path else str(place)
        if place < len(old) and place < len(new):
            yield from compare_values(old[place], new[place], where, depth + 1)
        elif place < len(old):
            yield Change(where, old=old[place])
        else:
            yield Change(where, new=new[place])


def _compare_entries(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[Change]:
    """Plain values: what was lost, what was gained, else their order."""
    values = {_exactly(value): value for value in (*old, *new)}
    before, after = list(map(_exactly, old)), list(map(_exactly, new))
    lost, gained = Counter(before) - Counter(after), Counter(after) - Counter(before)
    yield from (Change(f"{path}[]", old=values[text]) for text in lost.elements())
    yield from (Change(f"{path}[]", new=values[text]) for text in gained.elements())
    if not lost and not gained and before != after:
        yield Change(path, old, new)


def _exactly(value: Any) -> str:
    """A value as text: NaN is itself, and neither 1.0 nor true is 1."""
    return f"{type(value).__name__} {value!r}"


def _named(entries: Sequence[Any]) -> dict[str, Any] | None:
    """Entries by what they are called, None where that is not one name each."""
    for key in NAMES:
        names = [entry.get(key) if isinstance(entry, dict) else None for entry in entries]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return dict(zip(names, entries, strict=True))  # type: ignore[arg-type]
    return None


def _told(value: Any) -> Any:
    """A value as JSON can tell it: NaN and the infinities only by their names."""
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return names.get(str(value), value) if isinstance(value, float) else value


def _same(old: Any, new: Any) -> bool:
    try:
        return _exactly(old) == _exactly(new)
    except (RecursionError, ValueError):  # deeper, or more digits, than Python writes
        return False
