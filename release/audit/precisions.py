"""Which part of the model a card says is in which precision: tables, lists and sentences."""

import re
from collections.abc import Iterator

from release.audit.page import Line, Page, sentences, statements
from release.audit.precise import UNSURE, Precise, Side
from release.audit.recipes import read_ignored, read_recipe
from release.audit.schemes import ASIDE, WORD, rest_of, words_of
from release.audit.sides import read_sides
from release.audit.subjects import WHOLE, component, is_about
from release.audit.words import patterns

HEAD = re.compile(
    r"precision|scheme|quant(?:ization|\.|s)?\b|d?type|format|bits|weights?\b", re.IGNORECASE
)
OTHER = re.compile(
    r"\b(?:base|original|before|source|activations?|vs|size|note|params?)\b", re.IGNORECASE
)
LABELLED = re.compile(r"^(?:[-*•]\s*)?(.{2,60}?)\s*(?::|=|→|->)\s+(.+)$")
MODULE = re.compile(
    r"(?<![\w-])(?:(?:[\w*]+\.)*(?P<name>\w+_proj\w*|in_proj_\w+|lm_head|embed_tokens|conv1d)"
    r"|(?P<many>[qkvo](?:\s*[/,]\s*[qkvo])+|gate\s*/\s*up(?:\s*/\s*down)?)(?:_proj)?"
    r"|(?P<one>gate|up|down|output)(?=(?: and \w+)? projections?))(?![\w-])"
)
STAYS = re.compile(
    r"\s+(?:(?:is|are|was|were|stays?|remains?|kept|left|stored|quantized|both|all|also|in|to|at|as)\s+){1,5}"
    r"(?=(?P<word>" + WORD.pattern.replace("(?P<", "(?P<_") + "))",
    re.IGNORECASE,
)
APART = re.compile(r"\s*(?:[,;+&•()]|\band\b|\s/\s)\s*")
# `gate_proj (FP8), down_proj (NVFP4)`
BRACKETED = re.compile(
    r"(?P<name>[\w*.]*\w_proj\w*|lm_head|embed_tokens)\s*\((?P<said>[^()]{2,40})\)"
)
# `NVFP4: down_proj; FP8: gate_proj, up_proj`, in brackets behind the name of their component
ENUMERATED = re.compile(
    r"(?<=[(;] )(?P<said>\w[\w-]{2,20}):\s*(?P<names>(?:[\w.*]*\w_proj\w*[,\s]*(?:and\s+)?)+)"
)
ARTICLES = re.compile(r"^(?:all|the)\s+|\s+(?:layers?|weights?|modules?)$", re.IGNORECASE)
NEAR = 60  # characters before a verb in which its subject stands
SIDES: dict[str, Side] = {"weights": "weights", "activations": "activations", "boths": "both"}


def provide_precisions(page: Page) -> tuple[Precise, ...]:
    """Collect them, line by line."""
    recipes = [claim for fence in page.fences for claim in read_recipe(fence)]
    return (*(claim for line in statements(page) for claim in _read(line)), *recipes)


def _read(line: Line) -> Iterator[Precise]:
    if line.cells:
        yield from _row(line)
        return
    yield from _bracketed(line)
    yield from read_sides(line)
    labelled = LABELLED.match(line.text)
    claims = [*_pair(line, labelled[1], labelled[2])] if labelled else []
    yield from claims or _sentences(line)


def _bracketed(line: Line) -> Iterator[Precise]:
    if UNSURE.search(line.text):
        return
    for match in BRACKETED.finditer(line.text):
        words = words_of(match["said"])
        if words and not re.search(r"\w{3}", rest_of(match["said"])):
            yield Precise(line.number, match[0], parts_of(match["name"]), words)
    for match in ENUMERATED.finditer(re.sub(r"\(\s*", "( ", line.text)):
        if words := words_of(match["said"]):
            yield Precise(line.number, match[0].strip(), parts_of(match["names"]), words)


def _pair(line: Line, label: str, value: str) -> Iterator[Precise]:
    """`lm_head: BF16`; `Scheme: W4A16` is about all that is quantized; `Bits: 4` has no unit."""
    text = f"{label}: {value}"
    yield from read_ignored(line, label, value)
    label = re.sub(r"^[-*•]\s*", "", label)
    if is_about("cache", label) and (words := words_of(value)):
        yield Precise(line.number, text, (), words, "cache")
        return
    whole = patterns("labels")["quantization"].fullmatch(label)
    if whole and re.fullmatch(r"\d{1,2}", value):
        value = f"{value} bits"
    words = words_of(value)
    if UNSURE.search(text) or not words or not WORD.match(ASIDE.sub("", value)):
        return
    if whole:
        side = (whole["side"] or "both").lower().rstrip("s") + "s"
        yield Precise(line.number, text, (), words, SIDES[side])
    elif parts := parts_of(label):
        yield Precise(line.number, text, parts, words)


def _row(line: Line) -> Iterator[Precise]:
    label, *rest = line.cells
    if len(rest) == 1 and (claims := [*_pair(line, label, rest[0])]):
        yield from claims
        return
    heads = line.heads[1:] or ("",) * len(rest)
    parts = parts_of(label)
    for head, cell in zip(heads, rest, strict=False):
        if OTHER.search(head) or UNSURE.search(cell):
            continue
        words = words_of(cell)
        if parts and words and (HEAD.search(head) or not re.search(r"\w{3}", rest_of(cell))):
            yield Precise(line.number, f"{label}: {cell}", parts, words)
        elif not parts and not words and words_of(label) and HEAD.search(line.heads[0]):
            yield from (
                Precise(line.number, f"{label}: {piece}", found, words_of(label))
                for piece in APART.split(cell)
                if (found := parts_of(piece))
            )


def _sentences(line: Line) -> Iterator[Precise]:
    for text in sentences(line.text):
        last = 0
        for match in STAYS.finditer(text):
            subject = text[max(last, match.start() - NEAR) : match.start()]
            last = match.end()
            parts = parts_of(subject) or parts_of(re.split(r"[,;:]", subject)[-1])
            if parts and not UNSURE.search(text):
                words = words_of(match["word"])
                yield Precise(line.number, f"{subject}{match[0]}{match['word']}", parts, words)


def parts_of(text: str) -> tuple[str, ...]:
    """The modules that a text names, by the last part of their name; else its components."""
    names = [name for match in MODULE.finditer(text) for name in _names(match)]
    if names:
        return tuple(dict.fromkeys(names))
    pieces = APART.split(re.sub(r"\([^()]*\)", "", text))
    found = [component(ARTICLES.sub("", piece)) for piece in pieces if piece]
    known = [part for part in found if part is not None and part != WHOLE]
    return tuple(known) if len(known) == len(found) else ()


def _names(match: re.Match[str]) -> list[str]:
    if match["name"]:
        return [match["name"]]
    if match["one"]:
        return [f"{match['one'][0] if match['one'] == 'output' else match['one']}_proj"]
    return [f"{letter.strip()}_proj" for letter in re.split(r"[/,]", match["many"])]
