"""Figures in sentences: settings of the model, and how much smaller it is than the original."""

import re
from collections.abc import Iterator

from release.audit.page import Line, sentences
from release.audit.quantities import COUNT, NUMBER, STEPS, Figure, at_least, binary, quantity
from release.audit.schemes import words_of
from release.audit.subjects import setting

LABEL = (
    r"(?P<label>hidden (?:size|dim(?:ension)?)|vocab(?:ulary)?(?: size)?|head dim(?:ension)?"
    r"|context(?: (?:length|window))?)"
)
SAID = re.compile(rf"\b{LABEL} (?:is|of) (?:up to )?{COUNT.pattern}", re.IGNORECASE)
BEFORE = re.compile(
    rf"{COUNT.pattern}(?:[- ]tokens?)?[- ](?P<label>hidden(?: size| dim(?:ension)?)?"
    r"|vocab(?:ulary)?|context(?: length| window)?)\b(?! (?:layers?|states?|units?)\b)"
)
SMALLER = re.compile(
    rf"(?<![\w.,-]){NUMBER}\s*(?P<unit>[x×%]) smaller(?: than| vs\.?) (?P<than>[^.;|]{{2,40}})",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"\b(?:original|base|bf16|fp16|bfloat16|float16|16[- ]bit|unquantized|full[- ]precision)\b",
    re.IGNORECASE,
)
# The sentence is about another model, a part of this one, or what it can be made to do.
ELSEWHERE = re.compile(
    r"\b(?:unlike|instead|vs|if|would|could|can|base|original|vision|visual|vit|audio|encoder"
    r"|tower|draft\w*|eagle\w*|yarn|rope|exten\w+|extrapolat\w+|calibrat\w+|teacher|student"
    r"|kv|cache|llama\b.*|gemma\b.*|mistral\b.*|deepseek\b.*|phi\b.*|gpt\b.*)\b",
    re.IGNORECASE,
)
CONTEXT = "max_position_embeddings"


def read_prose(line: Line) -> Iterator[Figure]:
    """Collect them; rows of tables have labels instead."""
    for text in () if line.cells else sentences(line.text):
        yield from _smaller(line.number, text)
        if not ELSEWHERE.search(text):
            yield from _settings(line.number, text)


def _settings(number: int, text: str) -> Iterator[Figure]:
    for form in (SAID, BEFORE):
        for match in form.finditer(text):
            key, found = setting(match["label"]), quantity(match, STEPS[match["unit"]])
            also = binary(match)
            if key == CONTEXT:  # a server may be told less, and no more
                found, also = at_least(found), at_least(also) if also else None
            if key is not None:
                yield Figure("setting", key, found, number, also=also)


def _smaller(number: int, text: str) -> Iterator[Figure]:
    for match in SMALLER.finditer(text):
        of_scheme = words_of(text[: match.start()])  # `NVFP4 is 3.5x smaller than BF16`
        if (
            ORIGINAL.search(match["than"])
            and not of_scheme
            and not re.search(r"\b(?:kv|cache)\b", text, re.IGNORECASE)
        ):
            kind = "percent" if match["unit"] == "%" else "times"
            yield Figure("ratio", kind, quantity(match, 1), number)
