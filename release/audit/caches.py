"""What a card says that a token takes of the KV cache."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from release.audit.page import Line
from release.audit.quantities import COUNT, SIZE, STEPS, UNITS, Figure, Quantity, quantity

CACHE = re.compile(r"\bfp8\b|\bbf16\b|\bfp16\b|\bbfloat16\b|\bfloat16\b|\bauto\b", re.IGNORECASE)
AFTER = re.compile(rf"\s*\(?(?:in|for|with|at|as)?\s*({CACHE.pattern})", re.IGNORECASE)
TOKEN = re.compile(
    r"\b(?:each|per|a|every|je|pro)[- ]token\b|每个?\s?token|トークンあたり|토큰당",
    re.IGNORECASE,
)
MANY = re.compile(rf"\s*(?:of \w+ )?(?:/|per|for every)\s*{COUNT.pattern}[- ]?tok(?:en)?s?\b")
# `at 100K tokens this is 6.6 GB`
FOR_MANY = re.compile(
    rf"\b(?:at|for|with) {COUNT.pattern}[- ]?tokens?\b[^.;\d]{{0,40}}"
    + re.sub(r"\?P<(\w+)>", r"?P<size_\1>", SIZE.pattern)
)
# `A 262,144-token sequence needs 16 GiB of KV cache`
OF_MANY = re.compile(
    rf"{COUNT.pattern}[- ]tokens? (?:\w+ ){{0,2}}?(?:costs?|needs?|takes?|uses?|requires?)\s+"
    + re.sub(r"\?P<(\w+)>", r"?P<size_\1>", SIZE.pattern)
)
SMALL = {"KB", "kB", "kb", "KiB", "bytes"}  # units of one token
OTHER_MEMORY = re.compile(
    r"\b(?:state|sequence|weights?|requests?|blocks?|pages?)\b", re.IGNORECASE
)
FACTOR = re.compile(r"\s*[×x*/]|\s+(?:per|each) (?:element|value|parameter|number|scale)")
FP16 = "16 bits"
STATES = 0.12  # of a cache for many tokens may be states of recurrent layers, and pages not full
LEAST = 64  # bytes; fewer are those of an element


def read_rates(line: Line) -> Iterator[Figure]:
    """`64 KB/token`: KB is both 1,000 and 1,024 bytes on cards, and the second is meant here."""
    if re.search(r"\b(?:per|each|a|every) layer\b", line.text):
        return
    cached = re.search(r"\bKV(?![a-z])", line.text, re.ASCII) or any(
        m["rate"] for m in SIZE.finditer(line.text)
    )
    for match in _for_many(line.text) if cached else ():
        size = list(SIZE.finditer(match[0]))[-1]
        if found := _shared(size, match):
            yield Figure("kv token", "", found, line.number, size["unit"])
    token = TOKEN.search(line.text) and cached
    for match in SIZE.finditer(line.text):
        kind, unit = _cache(_dtype(line.text, match)), match["unit"]
        many = MANY.match(line.text, match.end()) if cached else None
        if many:
            if found := _shared(match, many):
                yield Figure("kv token", kind, found, line.number, unit)
            continue
        if not match["rate"] and not (token and unit in SMALL):
            continue
        found = quantity(match, _scale(unit))
        if not match["rate"] and (
            OTHER_MEMORY.search(_clause(line.text, match))
            or (unit == "bytes" and (found.value < LEAST or FACTOR.match(line.text, match.end())))
        ):
            continue
        yield Figure("kv token", kind, found, line.number, unit)


def _for_many(text: str) -> Iterator[re.Match[str]]:
    yield from FOR_MANY.finditer(text)
    yield from OF_MANY.finditer(text)


def _scale(unit: str) -> int:
    return UNITS[unit] if "i" in unit else {1000: 1024}.get(UNITS[unit], UNITS[unit])


def _shared(size: re.Match[str], many: re.Match[str]) -> Quantity | None:
    """`6.4 GB per 100K tokens`, with GB and K of both kinds."""
    tokens = quantity(many, STEPS[many["unit"]]).value
    if not tokens:
        return None
    thousand = 1024 / 1000 if many["unit"] in {"k", "K"} else 1.0
    found = quantity(size, UNITS[size["unit"]])
    step = {10**3: 2**10, 10**6: 2**20, 10**9: 2**30}.get(UNITS[size["unit"]], 0)
    wider = step / UNITS[size["unit"]] if step else 1.0
    return replace(
        found,
        text=f"{found.text} per {many['number']}{many['unit']} tokens",
        value=found.value / tokens,
        low=found.low / tokens / thousand * (1 - STATES),
        high=found.high * wider / tokens,
    )


def _clause(text: str, match: re.Match[str]) -> str:
    before, after = text[: match.start()], text[match.end() :]
    begun = re.split(r"[.,;] | and ", before)[-1]
    return begun + re.split(r"[.,;](?: |$)| and ", after)[0]


def _dtype(text: str, size: re.Match[str]) -> str:
    """The dtype that stands behind a size, else in its part of the sentence, else before it."""
    if after := AFTER.match(text, size.end()):
        return after[1]
    behind = CACHE.findall(re.split(r"[,;/|]", text[size.end() :])[0])
    before = CACHE.findall(text[: size.start()])
    near = CACHE.findall(re.split(r"[,;/|]", text[: size.start()])[-1])
    return [*before, *behind, *near][-1] if before or behind else "auto"


def _cache(word: str) -> str:
    return "fp8" if "8" in word else "" if word.lower() == "auto" else FP16
