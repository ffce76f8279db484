"""A claim about precision, and the words by which it is seen to be one."""

from typing import Literal

import msgspec

from release.audit.words import elsewhere

Side = Literal["weights", "activations", "both", "cache", "ignored", "only"]

UNSURE = elsewhere("original", "unreal", "exceptions", more="unlike|vs")


class Precise(msgspec.Struct, frozen=True):
    """A claim: modules of these names, or of these components, are in these precisions.

    Without `parts` it is about all that is quantized; `side` says about what of it. A part may be
    the end or a middle of a module's name, with `*` for any part of it. `among` are words of those
    modules that it is about: of a row for each scheme.
    """

    line: int
    text: str
    parts: tuple[str, ...]
    words: frozenset[str]
    side: Side = "weights"
    among: frozenset[str] = frozenset()
