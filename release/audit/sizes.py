"""What a card says that the weights take, all of them or those of a component."""

import re
from collections.abc import Iterator

from release.audit.labels import ours, pair
from release.audit.page import Line, sentences
from release.audit.parts import ARTICLES
from release.audit.places import gpu_spans, machines
from release.audit.quantities import NUMBER, SIZE, UNITS, Figure, percent, quantity
from release.audit.subjects import WHOLE, component, is_about
from release.audit.words import patterns

WHAT = r"(?:the )?(?:original|base|bf16|fp16|bfloat16|float16|unquantized|16[- ]bit|full)"
# A size of what the model was quantized from: `(vs 54.7 GB)`, `against 54.7 GB`, `16 GB in BF16`.
BEFORE = re.compile(
    r"\b(?:vs\.?|versus|from|than|against|instead of|compared (?:to|with)|original(?:ly)?|base"
    r"|bf16|fp16|was|would \w+|at 16 bits[^.;]*)(?: model)?\W*(?:roughly |about )?$",
    re.IGNORECASE,
)
ORIGINALS = re.compile(rf"\s*(?:,\s*)?(?:for|in|of|with|at|as)?\s*\(?{WHAT}\b", re.IGNORECASE)
EACH = re.compile(r"\s*(?:each|apiece|per (?:gpu|card|rank|device)|/\s?gpu)\b", re.IGNORECASE)
ONE_OF = re.compile(r"\b(?:each|every)\b[^.;]{0,40}$", re.IGNORECASE)
FREE = re.compile(r"\s*(?:of )?(?:free|spare|available|scratch)\b", re.IGNORECASE)
# `from 54.7 GB to 25.2 GB`
SHRUNK = re.compile(
    rf"\bfrom\s+[^.;]{{0,24}}?{SIZE.pattern.replace('?P<', '?P<from_')}[^.;\d]{{0,24}}?\s+"
    rf"(?:down )?to\s+(?:just |only |about )?{SIZE.pattern}",
    re.IGNORECASE | re.ASCII,
)
OF_MODEL = re.compile(
    r"\b(?:size|disk|weights?|model|checkpoint|files?|compress\w*|shr[aiu]nk\w*)\b", re.IGNORECASE
)
OF_MEMORY = re.compile(
    r"\b(?:kv|cache|v?ram|memory|context|headroom|free|state|activations?)\b", re.IGNORECASE
)
ROOM = re.compile(r"\b(?:kv|cache|v?ram|memory|headroom|free|gpus?)\b", re.IGNORECASE)
AT = re.compile(
    rf"^(?:at|with)\s+{SIZE.pattern},?\s+(?:it|the model|the checkpoint|this)\b", re.IGNORECASE
)
SHARE = re.compile(NUMBER + r"\s*%")
OF_ALL = re.compile(r"\bshare\b|%|\bpercent|\bof (?:total|all)\b", re.IGNORECASE)
PARTS = re.compile(r"\s*(?:[,;·•|/]|\s[-\u2013\u2014]\s)\s*(?!\d{3}\b)")
COUNTED = re.compile(
    r"(?:^|[\s:])[~≈]?\d[\d.,]{0,12}\s?[KMBT](?: (?:total )?param\w*)?$", re.IGNORECASE
)
SHORT = 40  # characters of a part of a list
# `the MLPs (11.4 GB)`
IN_BRACKETS = re.compile(
    rf"(?P<label>[\w][\w -]{{2,40}}?)\s*\(\s*{SIZE.pattern}(?: each)?\s*\)", re.ASCII
)
ONLY = re.compile(
    rf"\W*(?:(?:total|only|just|now)\s+)?{SIZE.pattern}"
    r"(?!.*\b(?:free|needed|required|recommended|minimum)\b)"
)
BESIDE = re.compile(
    r"\.\s|[,;]\s*(?:the )?(?:original|base|bf16|vs|from|was|down)\b", re.IGNORECASE
)
BRACKETS = re.compile(r"\(([^()]*)\)")


def read_sizes(line: Line) -> Iterator[Figure]:
    """Collect them from rows, labels and sentences."""
    yield from _shares(line)
    cells = ours(line)
    label = line.cells[0] if line.cells else line.text[: _first(line.text)]
    part = component(label)
    for match in SIZE.finditer(" | ".join(cells) if line.cells else line.text):
        if match["rate"]:
            continue
        if part is not None:
            yield _figure(match, part, line.number)
            if part != WHOLE:
                return
        elif not line.cells and _of_weights(line.text, match) and not _others(line.text, match):
            yield _figure(match, WHOLE, line.number)
    yield from _stated(line)
    if not line.cells:
        yield from _told(line)


def _shares(line: Line) -> Iterator[Figure]:
    """The percents of a table of components."""
    part = component(line.cells[0]) if line.cells else None
    for head, cell in zip(line.heads, line.cells, strict=False) if part else ():
        share = SHARE.fullmatch(cell)
        if share and OF_ALL.search(head):
            yield Figure("share", part or "", percent(share), line.number)


def _figure(match: re.Match[str], part: str, number: int) -> Figure:
    found = quantity(match, UNITS[match["unit"]])
    return Figure("weights" if part == WHOLE else "component", part, found, number, match["unit"])


def _sizes(text: str) -> list[re.Match[str]]:
    return list(SIZE.finditer(text))


def _first(text: str) -> int:
    match = SIZE.search(text)
    return match.start() if match else 0


def _of_weights(text: str, match: re.Match[str]) -> bool:
    """Whether the words around a size say that it is of all weights."""
    before = re.split(r"[,;] ", text[max(0, match.start() - 24) : match.start()])[-1]
    after = re.split(r"[,;] ", text[match.end() : match.end() + 32])[0]
    if any(start <= match.start() < end for start, end in gpu_spans(text)):
        return False
    return bool(patterns("verbs")["weights_of"].search(f"{before}{match[0]}{after}"))


def _others(text: str, match: re.Match[str]) -> bool:
    """Whether a size is what the model was quantized from, a part of it, or free."""
    before, after = text[: match.start()], text[match.end() :]
    if EACH.match(after) or ONE_OF.search(before) or FREE.match(after):
        return True
    return bool(BEFORE.search(before) or ORIGINALS.match(after))


def _stated(line: Line) -> Iterator[Figure]:
    """`Size: 25 GB`, `Size: 25.18 GB (23.45 GiB)`; of two sizes none is sure to be meant."""
    labelled = pair(line)
    if not labelled or not is_about("size", labelled[0]) or machines(labelled[1]):
        return
    value = BESIDE.split(labelled[1])[0]
    asides = [SIZE.fullmatch(aside.strip()) for aside in BRACKETS.findall(value)]
    outside = _sizes(BRACKETS.sub("", value))
    sizes = [*outside, *filter(None, asides)]
    if (
        len(outside) == 1
        and ONLY.match(value)
        and (line.cells or not _of_weights(line.text, outside[0]))
    ):
        for match in sizes:
            yield _figure(match, WHOLE, line.number)


def _told(line: Line) -> Iterator[Figure]:
    for text in sentences(line.text):
        if OF_MODEL.search(text) and not OF_MEMORY.search(text):
            for match in SHRUNK.finditer(text):
                yield _figure(_sizes(match[0])[-1], WHOLE, line.number)
        if at := AT.match(text):
            yield _figure(_sizes(at[0])[0], WHOLE, line.number)
        yield from _bracketed(line.number, text)
    yield from _listed(line)


def _bracketed(number: int, text: str) -> Iterator[Figure]:
    for match in IN_BRACKETS.finditer(text):
        words = match["label"].split()
        names = (ARTICLES.sub("", " ".join(words[first:])) for first in range(len(words)))
        part = next((found for name in names if (found := component(name))), None)
        if part is not None and part != WHOLE:
            yield _figure(_sizes(match[0])[-1], part, number)


def _listed(line: Line) -> Iterator[Figure]:
    """`27B params, 25.2 GB`: the size in a list that begins with how large the model is."""
    for text in sentences(line.source or line.text):
        parts = [part.strip() for part in PARTS.split(text.strip(" .-*•"))]
        sizes = list(filter(None, map(SIZE.fullmatch, parts)))
        counted = any(COUNTED.search(part) for part in parts if len(part) < SHORT)
        said = len(sizes) == 1 and sizes[0][0] in line.text
        if said and counted and not ROOM.search(text) and not machines(text):
            yield _figure(sizes[0], WHOLE, line.number)
