"""What a card says that a GPU holds: contexts, requests at once, memory for the cache."""

import re
from collections.abc import Iterator

import msgspec

from release.audit.page import Line, Page, sentences, statements
from release.audit.places import Machine, apart, machines
from release.audit.quantities import COUNT, SIZE, STEPS, UNITS, Quantity, quantity
from release.audit.words import elsewhere

MANY = re.compile(
    r"(?<![\w.,])(\d{1,6}(?:\.\d{1,4})?)\s*(?:[x×]\s*(?=\d)|(?:parallel|concurrent|simultaneous)\b|requests?\b)",
    re.IGNORECASE,
)
LENGTH = re.compile(COUNT.pattern + r"\s*(?:-?tokens?|context|ctx|each)?", re.IGNORECASE)
FOR_CACHE = re.compile(
    r"(?:available|left|free|memory|room)\b.*\b(?:kv|cache|it\b)|kv cache size", re.IGNORECASE
)
EIGHT = re.compile(
    r"\bfp8\b[^|]{0,12}(?:kv|cache)|(?:kv|cache)[^|]{0,24}\bfp8\b|\bfp8_e4m3\b", re.IGNORECASE
)
SIXTEEN = re.compile(r"\b(?:bf16|fp16|bfloat16)\b[^|]{0,12}(?:kv|cache)", re.IGNORECASE)
OF_REQUEST = re.compile(r"longest|context|max.*len|length", re.IGNORECASE)
RUNS = re.compile(
    r"\b(?:fits?|runs?|works?|loads?|starts?|served?) (?:[\w-]+ ){0,3}?(?:on|in|into|with)\b"
    r"|\b(?:is|are) (?:\w+ )?(?:enough|sufficient)\b|\bsuffices?\b|\bholds? it\b",
    re.IGNORECASE,
)
YES = re.compile(r"(?:\u2705|\u2714|yes\b|fits?\b|works?\b|ok\b)", re.IGNORECASE)
OTHERWISE = elsewhere(
    *("original", "others", "models", "unreal", "denied", "engines"),
    more="no|barely|once|version|bf16|smaller",
)
AT_ONCE = re.compile(r"concurren|requests|parallel|users|sessions", re.IGNORECASE)
EACH = re.compile(
    rf"(?P<many>\d[\d,]{{0,9}}(?:\.\d{{1,4}})?)\s*(?:requests? )?(?:of|[x×@]|at) {COUNT.pattern}"
    r"(?: tokens)?(?: each)?",
    re.IGNORECASE,
)
FIT = re.compile(r"\bfit\b|\broom for\b", re.IGNORECASE)
HELD = re.compile(
    r"holds tokens|tokens? (?:in|of) (?:the )?(?:kv )?cache|(?:kv|cache) tokens", re.IGNORECASE
)
RANGE = re.compile(r"\s*(?:(?:to|[-–—~])\s*)?")
SHORTEST = 1000  # tokens; smaller numbers are something else


class Serving(msgspec.Struct, frozen=True):
    """A claim: on these GPUs `tokens` in one request, `requests` such at once, or `room` in bytes.

    `cache` is the KV cache dtype that the card names beside it, None where it names none.
    `possible` are lengths that the memory would hold, whatever the command allows. `fits` says that
    it runs there, and not how long a context; `held` are the tokens that its whole cache holds.
    `scheduled` is what runs at once, not only what there is memory for.
    """

    machine: Machine
    line: int
    tokens: Quantity | None = None
    requests: float | None = None
    room: Quantity | None = None
    cache: str | None = None
    possible: bool = False
    fits: bool = False
    held: Quantity | None = None
    scheduled: bool = True


def provide_serving(page: Page) -> tuple[Serving, ...]:
    """Collect the claims: lines that name one GPU and say what it holds."""
    return tuple(claim for line in statements(page) for claim in _read(line))


def _read(line: Line) -> Iterator[Serving]:
    for part in _parts(line):
        named = machines(part) or _of_heading(line, part)
        if len({machine.gpu.name for machine in named}) != 1:
            continue
        yield from _of_columns(line, named[0])
        tokens = _longest(line) or _tokens(part)
        many = MANY.search(part)
        room = _room(line) if line.cells else None
        if not tokens and not room and _runs(line, part):
            yield Serving(named[0], line.number, fits=True)
        if tokens or room:
            requests = _at_once(line) or (float(many[1]) if many and not line.cells else None)
            cache = _cache(part) or _cache(" | ".join(line.heads)) or _cache_cell(line)
            possible = any("longest" in head.lower() for head in line.heads)
            scheduled = bool(line.cells) or not FIT.search(part)
            yield Serving(
                named[0], line.number, tokens, requests, room, cache, possible, scheduled=scheduled
            )


def _of_heading(line: Line, part: str) -> list[Machine]:
    """The GPU whose heading this is below, for requests of so many tokens at once."""
    if line.cells or not (MANY.search(part) and _tokens(part)):
        return []
    for heading in reversed(line.heading.split(" / ")):
        if found := machines(heading):
            return found if len({machine.kind for machine in found}) == 1 else []
    return []


def _of_columns(line: Line, machine: Machine) -> Iterator[Serving]:
    """`7.33 of 262,144` below requests at once; all tokens of the cache."""
    for head, cell in zip(line.heads, line.cells, strict=False):
        cache = _cache(" | ".join(line.cells)) or _cache_cell(line)
        many = EACH.fullmatch(cell.strip()) if AT_ONCE.search(head) else None
        if many:
            tokens = quantity(many, STEPS[many["unit"]])
            requests = float(many["many"].replace(",", ""))
            yield Serving(machine, line.number, tokens, requests, None, cache)
        count = COUNT.fullmatch(cell.removesuffix("tokens").strip()) if HELD.search(head) else None
        if count:
            held = quantity(count, STEPS[count["unit"]])
            yield Serving(machine, line.number, cache=cache, held=held)


def _runs(line: Line, part: str) -> bool:
    """Whether it is said that the model runs on the GPU, alone and as it is."""
    said = any(map(YES.match, line.cells[1:])) if line.cells else RUNS.search(part)
    return bool(said) and not OTHERWISE.search(part)


def _parts(line: Line) -> list[str]:
    """A row is one part; a text has one for each sentence, and a GPU speaks for what follows it."""
    if line.cells:
        return [" | ".join(line.cells)]
    return [part for text in sentences(line.text) for part in apart(text)]


def _tokens(text: str) -> Quantity | None:
    found = []
    for match in LENGTH.finditer(text):
        said = re.search(r"tokens?|context|ctx|each", match[0], re.IGNORECASE)
        scale = STEPS[match["unit"]]
        amount = quantity(match, scale)
        long = match["unit"] in {"k", "K"} and amount.value >= SHORTEST
        if amount.value >= SHORTEST and (said or long):
            found.append(amount)
    return max(found, key=lambda amount: amount.value, default=None)


def _longest(line: Line) -> Quantity | None:
    """What a cell holds whose head says that it is the length of a request."""
    for head, cell in zip(line.heads, line.cells, strict=False):
        match = COUNT.fullmatch(cell.removesuffix("tokens").strip())
        if match and OF_REQUEST.search(head):
            return quantity(match, STEPS[match["unit"]])
    return None


def _at_once(line: Line) -> float | None:
    """What a cell holds whose head says that it counts requests."""
    for head, cell in zip(line.heads, line.cells, strict=False):
        if AT_ONCE.search(head):
            match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,4})?)\s*[x×]?", cell)
            return float(match[1]) if match else None
    return None


def _room(line: Line) -> Quantity | None:
    """The most of a cell whose head says that it is for the cache: `2.9 GiB to 6.9 GiB`."""
    for head, cell in zip(line.heads, line.cells, strict=False):
        match = [*SIZE.finditer(cell)] if FOR_CACHE.search(head) else []
        if match and RANGE.fullmatch(SIZE.sub("", cell)):
            return max((quantity(m, UNITS[m["unit"]]) for m in match), key=lambda q: q.value)
    return None


def _cache(text: str) -> str | None:
    if EIGHT.search(text):
        return "fp8"
    return "auto" if SIXTEEN.search(text) else None


def _cache_cell(line: Line) -> str | None:
    for head, cell in zip(line.heads, line.cells, strict=False):
        if re.search(r"\b(?:kv|cache)\b", head, re.IGNORECASE) and cell in {"fp8", "bfloat16"}:
            return "fp8" if cell == "fp8" else "auto"
    return None
