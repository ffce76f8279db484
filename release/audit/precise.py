"""A claim about precision, and the words by which it is seen to be one."""

import re
from typing import Literal

import msgspec

Side = Literal["weights", "activations", "both", "cache", "ignored"]

UNSURE = re.compile(
    r"\b(?:except|excluding|besides|without|other than|instead|from|than|vs|if|would|could|can|base"
    r"|original(?! (?:precision|d?type|format))|unlike|never|should|when)\b",
    re.IGNORECASE,
)


class Precise(msgspec.Struct, frozen=True):
    """A claim: modules of these names, or of these components, are in these precisions.

    Without `parts` it is about all that is quantized; `side` says about what of it. A part may be
    the end or a middle of a module's name, with `*` for any part of it.
    """

    line: int
    text: str
    parts: tuple[str, ...]
    words: frozenset[str]
    side: Side = "weights"
