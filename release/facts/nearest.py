"""The module that a misspelt name or pattern most likely meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_NUMBER = re.compile(r"\d+")
_SYNTAX = re.compile(r"re:|[\\^$*+?()\[\]|]")
ALIKE = 0.3


def nearest_module(names: Iterable[str], text: str) -> str | None:
    """Give the name nearest to a target or entry of `ignore`, its numbers put in where they fit.

    Names that differ in numbers only are compared once, so that a thousand experts cost nothing.
    """
    shapes: dict[str, str] = {}
    known = set()
    for name in names:
        known.add(name)
        shapes.setdefault(_NUMBER.sub("0", name), name)
    meant = _SYNTAX.sub("", text)
    near = get_close_matches(_NUMBER.sub("0", meant), list(shapes), 1, ALIKE)
    if not near:
        return None
    numbers = iter(_NUMBER.findall(meant))
    filled = _NUMBER.sub(lambda found: next(numbers, found[0]), shapes[near[0]])
    return filled if filled in known else shapes[near[0]]
