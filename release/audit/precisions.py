"""Which part of the model a card says is in which precision: tables, lists and sentences."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from release.audit.cached import read_cache
from release.audit.clauses import read_clauses
from release.audit.labels import pair
from release.audit.page import Line, Page, sentences, statements
from release.audit.parts import APART, parts_of
from release.audit.precise import UNSURE, Precise
from release.audit.recipes import read_recipe
from release.audit.schemes import WORD, rest_of, words_of
from release.audit.sides import read_sides
from release.audit.stated import read_pair
from release.audit.titles import read_tags, read_title

HEAD = re.compile(
    r"precision|scheme|quant(?:ization|\.|s)?\b|d?type|format|bits|weights?\b", re.IGNORECASE
)
OTHER = re.compile(
    r"\b(?:base|original|before|source|activations?|vs|size|note|params?)\b", re.IGNORECASE
)
LABELLED = re.compile(r"^(?:[-*•]\s*)?(.{2,60}?)\s*(?::|=|→|->)\s+(.+)$")
# `NVFP4 quantization was applied to gate_proj and up_proj`
APPLIED = re.compile(
    WORD.pattern + r"(?:\s+(?:quantization|precision|weights))?\s+(?:(?:was|is|were|are|being)\s+)?"
    r"(?:applied to|used for|for)\s+(?P<names>[^.;]+?)"
    r"(?=,?\s+(?:while|whereas|but|(?:and\s+)?(?:FP|NV|INT|BF|MX)\w*\d)|\.?$)",
    re.IGNORECASE | re.ASCII,
)
# `NVFP4: down_proj; FP8: gate_proj, up_proj`, in brackets behind the name of their component
ENUMERATED = re.compile(
    r"(?<=[(;] )(?P<said>\w[\w-]{2,20}):\s*(?P<names>(?:[\w.*]*\w_proj\w*[,\s]*(?:and\s+)?)+)"
)


def provide_precisions(page: Page) -> tuple[Precise, ...]:
    """Collect them, line by line."""
    recipes = [claim for fence in page.fences for claim in read_recipe(fence)]
    return (
        *read_title(page),
        *read_tags(page),
        *(claim for line in statements(page) for claim in _read(line)),
        *recipes,
    )


def _read(line: Line) -> Iterator[Precise]:
    if line.cells:
        yield from _row(line)
        return
    yield from _bracketed(line)
    yield from read_sides(line)
    labelled = LABELLED.match(line.text)
    yield from read_cache(line)
    yield from _applied(line)
    claims = [*read_pair(line, labelled[1], labelled[2])] if labelled else []
    yield from claims
    for text in sentences(line.text)[1:]:
        if later := LABELLED.match(text):
            yield from _of_parts(line, later[1], later[2])
    yield from read_clauses(replace(line, text=labelled[2]) if labelled and claims else line)


def _of_parts(line: Line, label: str, value: str) -> Iterator[Precise]:
    """What a later sentence states of a part behind its name."""
    return (claim for claim in read_pair(line, label, value) if claim.parts)


def _applied(line: Line) -> Iterator[Precise]:
    for text in sentences(line.text):
        for match in APPLIED.finditer(text) if not UNSURE.search(text) else ():
            parts, words = parts_of(match["names"]), words_of(match[0][: -len(match["names"])])
            if parts and words:
                yield Precise(line.number, match[0], parts, words)


def _bracketed(line: Line) -> Iterator[Precise]:
    if UNSURE.search(line.text):
        return
    for match in ENUMERATED.finditer(re.sub(r"\(\s*", "( ", line.text)):
        if words := words_of(match["said"]):
            yield Precise(line.number, match[0].strip(), parts_of(match["names"]), words)


def _of_scheme(line: Line, scheme: frozenset[str]) -> Iterator[Precise]:
    """What the row of a scheme says of its weights and activations."""
    for cell in line.cells[1:]:
        for claim in read_sides(replace(line, text=cell, cells=())):
            yield replace(claim, among=scheme)


def _row(line: Line) -> Iterator[Precise]:
    label, *rest = line.cells
    stated = pair(line)
    if stated and (claims := [*read_pair(line, *stated)]):
        yield from claims
        return
    if words_of(label) and HEAD.search("".join(line.heads[:1])):
        yield from _of_scheme(line, words_of(label))
    heads = line.heads[1:] or ("",) * len(rest)
    parts = parts_of(label)
    for head, cell in zip(heads, rest, strict=False):
        if OTHER.search(head) or UNSURE.search(cell):
            continue
        words = words_of(cell)
        if parts and words and (HEAD.search(head) or not re.search(r"\w{3}", rest_of(cell))):
            yield Precise(line.number, f"{label}: {cell}", parts, words)
        elif not parts and not words and words_of(label) and HEAD.search("".join(line.heads[:1])):
            yield from (
                Precise(line.number, f"{label}: {piece}", found, words_of(label))
                for piece in APART.split(cell)
                if (found := parts_of(piece))
            )
