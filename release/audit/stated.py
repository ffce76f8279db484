"""Precisions behind labels, of lists and of rows: `lm_head: BF16`, `Scheme: W4A16`."""

import re
from collections.abc import Iterator

from release.audit.cached import read_labelled_cache
from release.audit.page import Line
from release.audit.parts import parts_of
from release.audit.precise import UNSURE, Precise, Side
from release.audit.recipes import read_ignored
from release.audit.schemes import ASIDE, FLOATS, PLAIN, WORD, unfolded, words_of
from release.audit.subjects import is_about
from release.audit.words import patterns

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
        yield from read_labelled_cache(line, label, value)
    elif whole := _whole_label(label):
        yield from _whole(line, text, _side(whole["side"]), value)
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


def _side(said: str | None) -> Side:
    sides: tuple[Side, ...] = ("weights", "activations")
    return next((s for s in sides if said and patterns("sides")[s].fullmatch(said)), "both")


def _whole(line: Line, text: str, side: Side, value: str) -> Iterator[Precise]:
    """What is quantized; beside it, 16 bits are those of the rest."""
    if re.fullmatch(r"\d{1,2}", value):
        value = f"{value} bits"
    opened = unfolded(value)
    words = words_of(opened)
    if UNSURE.search(text) or not words or not WORD.match(ASIDE.sub("", opened)):
        return
    if side != "activations":
        words = words - FLOATS - {PLAIN} or (words if side != "both" else frozenset())
    if words:
        yield Precise(line.number, text, (), words, side)
