"""How many parameters a card says the model has: in all, and at work on a token."""

import re
from collections.abc import Iterator

from release.audit.page import Line, sentences
from release.audit.quantities import COUNT, STEPS, Figure, by_name, quantity
from release.audit.subjects import is_about
from release.audit.words import elsewhere, words

ACTIVE, NO_TABLES = "active", "non-embedding"
PARAMETERS, AT_WORK = words("verbs")["parameters"], words("verbs")["active"]
AFTER = re.compile(
    rf"[-\s]*(?:(?:total|model|trainable|的|の|개(?:의)?)\s*)*{PARAMETERS}",
    re.IGNORECASE | re.ASCII,
)
IN_ALL = re.compile(r"\s*(?:in )?(?:total|overall|gesamt)\b", re.IGNORECASE)
ACTIVE_AFTER = re.compile(
    rf"\s*(?:{PARAMETERS}\s*)?[(]?(?:(?:are|is|of them|of which|의|が|の)\s*)*{AT_WORK}"
    rf"(?!(?:\s*{PARAMETERS})?[\s:=~≈]*\d)",
    re.IGNORECASE | re.ASCII,
)
BEFORE = re.compile(
    rf"{PARAMETERS}(?:[量数]| ?수)?\s*(?:of|:|is|=|は|为|[约約]|[은는]|(?<=[量数]))\s*$",
    re.IGNORECASE,
)
ACTIVE_BEFORE = re.compile(
    rf"{AT_WORK}(?:\s*{PARAMETERS})?[量数]?\s*(?:of|:|is|are|~|=|は|[약约約은는])?\s*[(]?$",
    re.IGNORECASE | re.ASCII,
)
FEWEST = 10_000  # of a model; fewer are those of a function
NAMED = re.compile(
    rf"(?:it is |this is )?an? {COUNT.pattern}(?:[- ]parameters?)?[- ]"
    r"(?:[\w-]+ ){0,3}(?:model|llm)\b",
    re.IGNORECASE,
)
TABLES = re.compile(
    r"non[- ]?embedding|without embedding|excluding embedding|非嵌入", re.IGNORECASE
)
# The sentence is about another model, or a part of this one.
ELSEWHERE = elsewhere(
    "original", "others", "models", "towers", more="per token|each expert|per expert"
)


def read_parameters(line: Line) -> Iterator[Figure]:
    """Collect them from sentences, and from the values of labels in lists and rows."""
    for text in line.cells or sentences(line.text):
        if not ELSEWHERE.search(re.sub(r"activ\w+ per token", "", text)):
            yield from _said(line.number, text)
            yield from _is_model(line.number, text)


def read_labelled(number: int, label: str, value: str) -> Iterator[Figure]:
    """`Parameters: 27B`, `Active parameters: 3.3B`."""
    count = COUNT.match(value)
    if not count or not count["unit"]:
        return
    if is_about("active", label):
        yield Figure("parameters", ACTIVE, by_name(count), number)
    elif is_about("parameters", label) and not AFTER.match(value[count.end() :]):
        yield Figure(
            "parameters", NO_TABLES if TABLES.search(label) else "", by_name(count), number
        )


def _is_model(number: int, text: str) -> Iterator[Figure]:
    """`A 27B hybrid model`, at the start of a sentence."""
    if found := NAMED.match(text):
        count = COUNT.search(found[0])
        if count and count["unit"]:
            yield Figure("parameters", "", by_name(count), number)


def _said(number: int, text: str) -> Iterator[Figure]:
    for match in COUNT.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if not match["unit"] and not AFTER.match(after):
            continue
        found = quantity(match, STEPS[match["unit"]])
        if found.value < FEWEST:
            continue
        if ACTIVE_AFTER.match(after) or ACTIVE_BEFORE.search(before):
            yield Figure("parameters", ACTIVE, found, number)
        elif TABLES.match(after.lstrip(" (")):
            yield Figure("parameters", NO_TABLES, found, number)
        elif (
            (match["unit"] and BEFORE.search(before))
            or AFTER.match(after)
            or (IN_ALL.match(after) and re.search(PARAMETERS, text, re.IGNORECASE))
        ):
            yield Figure("parameters", "", found, number)
