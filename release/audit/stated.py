"""Precisions behind labels, of lists and of rows: `lm_head: BF16`, `Scheme: W4A16`."""

import re
from collections.abc import Iterator

from release.audit.cached import read_labelled_cache
from release.audit.page import Line
from release.audit.parts import parts_of
from release.audit.precise import UNSURE, Precise, Side
from release.audit.recipes import argument, read_ignored
from release.audit.schemes import ASIDE, FLOATS, PLAIN, WORD, manners_of, unfolded, words_of
from release.audit.subjects import is_about
from release.audit.words import patterns

NO_PARTS = re.compile(r"\b(?:kv|cache|activations?)\b", re.IGNORECASE)
PIECES = re.compile(r"\s*(?:[,;]|\band\b|\s[+&/]\s)\s*")
# `Strategy (weights): channel`, `Dynamic activations: yes`
SIDE = r"(?P<{}>weights?|activations?|inputs?)"
ARGUMENT = re.compile(
    rf"(?:{SIDE.format('before')} (?:quantization )?(?P<key>strategy|granularity|scaling|symmetric)"
    r"|(?P<key2>strategy|granularity|scaling|dynamic|symmetric)(?: quantization)?"
    rf" \(?(?:of |for )?(?:the )?{SIDE.format('behind')}\)?)",
    re.IGNORECASE,
)
KEYS = {"granularity": "strategy", "scaling": "strategy"}
SYMMETRIC = re.compile(r"sym(?:metric)?", re.IGNORECASE)
ZEROS = re.compile(r"zero[- ]?points?", re.IGNORECASE)
ANSWERS = {"yes": "true", "no": "false", "none": "false"}
ZERO = {"true": frozenset({"asymmetric"}), "false": frozenset({"symmetric"})}
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
    elif manners := [*_argued(line, text, label, value)]:
        yield from manners
    elif UNSURE.search(text):
        return
    elif parts := parts_of(label):
        if (words := words_of(unfolded(value))) and WORD.match(ASIDE.sub("", value)):
            yield Precise(line.number, text, parts, words)
    elif (words := words_of(unfolded(label)) - {PLAIN} or words_of(label)) and _alone(label):
        found = [part for piece in PIECES.split(value) for part in parts_of(piece)]
        if found:
            yield Precise(line.number, text, tuple(dict.fromkeys(found)), words)


def _argued(line: Line, text: str, label: str, value: str) -> Iterator[Precise]:
    """What a label says of how a side is scaled, as a recipe would; of no side, of the weights."""
    first = value.split(" ", maxsplit=1)[0].strip(",;()").lower()
    answer = ANSWERS.get(first, first)
    side: Side = "weights"
    if ZEROS.fullmatch(label):
        said = ZERO.get(answer, frozenset())
    elif SYMMETRIC.fullmatch(label):
        said = argument("symmetric", answer, side)
    elif match := ARGUMENT.fullmatch(label):
        named = (match["before"] or match["behind"]).lower()
        side = side if named.startswith("weight") else "activations"
        key = (match["key"] or match["key2"]).lower()
        said = manners_of(value) or argument(KEYS.get(key, key), answer, side)
    else:
        return
    if said and not UNSURE.search(text):
        yield Precise(line.number, text, (), said, side)


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
