"""Precisions behind labels, of lists and of rows: `lm_head: BF16`, `Scheme: W4A16`."""

import re
from collections.abc import Iterator

from release.audit.page import Line
from release.audit.parts import parts_of
from release.audit.precise import UNSURE, Precise, Side
from release.audit.recipes import read_ignored
from release.audit.schemes import ASIDE, FLOATS, PLAIN, WORD, manners_of, unfolded, words_of
from release.audit.subjects import is_about
from release.audit.words import patterns

SIDES: dict[str, Side] = {"weights": "weights", "activations": "activations", "boths": "both"}
NO_PARTS = re.compile(r"\b(?:kv|cache|activations?)\b", re.IGNORECASE)
PIECES = re.compile(r"\s*(?:[,;]|\band\b|\s[+&/]\s)\s*")
SYMMETRIC = re.compile(r"sym(?:metric)?", re.IGNORECASE)
SAID = dict.fromkeys(("true", "yes"), "symmetric")
SAID |= dict.fromkeys(("false", "no"), "asymmetric")
BULLET = re.compile(r"^[-*•+]\s*")


def read_pair(line: Line, label: str, value: str) -> Iterator[Precise]:
    """Read a label and what it states; `Bits: 4` has no unit."""
    label = BULLET.sub("", label)
    yield from read_ignored(line, label, value)
    text = f"{label}: {value}"
    if is_about("cache", label):
        yield from _cache(line, text, value)
    elif whole := _whole_label(label):
        yield from _whole(line, text, (whole["side"] or "both").lower(), value)
    elif SYMMETRIC.fullmatch(label) and (said := SAID.get(value.split(" ", maxsplit=1)[0].lower())):
        yield Precise(line.number, text, (), frozenset({said}), "weights")
    elif UNSURE.search(text):
        return
    elif parts := parts_of(label):
        if (words := words_of(unfolded(value))) and WORD.match(ASIDE.sub("", value)):
            yield Precise(line.number, text, parts, words)
    elif (words := words_of(unfolded(label)) - {PLAIN} or words_of(label)) and _alone(label):
        found = [part for piece in PIECES.split(value) for part in parts_of(piece)]
        if found:
            yield Precise(line.number, text, tuple(dict.fromkeys(found)), words)


def _alone(label: str) -> bool:
    """Whether a label is about weights, and no bracket of it is closed in its value."""
    return not NO_PARTS.search(label) and label.count("(") == label.count(")")


def _whole_label(label: str) -> re.Match[str] | None:
    return patterns("labels")["quantization"].fullmatch(re.sub(r"\s*\(.*?\)", "", label).strip())


def _cache(line: Line, text: str, value: str) -> Iterator[Precise]:
    words = words_of(value) | manners_of(value)
    if words and not UNSURE.search(text) and not re.search(r"\bor\b|--", value):
        yield Precise(line.number, text, (), words, "cache")


def _whole(line: Line, text: str, side: str, value: str) -> Iterator[Precise]:
    """What is quantized; beside it, 16 bits are those of the rest."""
    if re.fullmatch(r"\d{1,2}", value):
        value = f"{value} bits"
    opened = unfolded(value)
    words = words_of(opened)
    if UNSURE.search(text) or not words or not WORD.match(ASIDE.sub("", opened)):
        return
    if not side.startswith("activation"):
        words = words - FLOATS - {PLAIN} or (words if side != "both" else frozenset())
    if words:
        yield Precise(line.number, text, (), words, SIDES[f"{side.rstrip('s')}s"])
