"""Figures on a card that a fact answers: sizes of weights and caches, parameters, settings."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from release.audit.page import Line, Page, statements
from release.audit.quantities import (
    COUNT,
    SIZE,
    STEPS,
    UNITS,
    Quantity,
    binary,
    quantity,
    ungrouped,
    whole,
)
from release.audit.subjects import OF_WEIGHTS, WHOLE, component, setting

Kind = Literal["weights", "component", "kv token", "parameters", "setting", "layers", "group size"]

LABELLED = re.compile(r"^(?:[-*•]\s*)?([A-Za-z][\w /()-]{2,40}?)\s*(?::|=|\s{2,})\s*(.+)$")
PARAMETERS = re.compile(
    COUNT.pattern.replace("kKMBT]?)", "kKMBT]?| billion| million)")
    + r"\s*(?:total\s+)?(?:params?\b|parameters?\b)",
    re.IGNORECASE,
)
LAYERS = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,6})\s+(?P<kind>[A-Za-z][\w -]{0,30}?\s+)?(?:layers|blocks)\b"
)
GROUP = re.compile(
    r"group[ _](?:size(?:\s*(?:of|=|:|\|))?|of)\s*(?P<number>\d{1,6})\b(?!\s*%)", re.IGNORECASE
)
CACHE = re.compile(r"\bfp8\b|\bbf16\b|\bfp16\b|\bbfloat16\b|\bfloat16\b|\bauto\b", re.IGNORECASE)
AFTER = re.compile(rf"\s*\(?(?:in|for|with|at|as)?\s*({CACHE.pattern})", re.IGNORECASE)
LAYER_KINDS = {
    "linear_attention": r"(?:gated )?(?:delta ?net|linear[ -]attention|gdn|mamba|linear|recurrent)",
    "full_attention": r"(?:softmax|full|global)(?:[ -]attention)?|attention",
    "sliding_attention": r"(?:sliding(?:[ -]window)?|swa|local)(?:[ -]attention)?",
}
HEADS = re.compile(r"(\d{1,4}) for (?:Q|V|queries|values)\b,?(?: and)? (\d{1,4}) for (?:KV|QK|K)\b")
TOKEN = re.compile(r"\b(?:each|per|a|every) token\b", re.IGNORECASE)
FP16 = "16 bits"


class Figure(msgspec.Struct, frozen=True):
    """A number that a fact answers. `subject` says which: a component, a setting, a KV dtype."""

    kind: Kind
    subject: str
    quantity: Quantity
    line: int
    unit: str = ""
    also: Quantity | None = None


def provide_figures(page: Page) -> tuple[Figure, ...]:
    """Collect them, line by line."""
    return tuple(figure for line in statements(page) for figure in _read(line))


def _read(line: Line) -> Iterator[Figure]:
    yield from _rates(line)
    yield from _sizes(line)
    yield from _parameters(line)
    yield from _settings(line)
    yield from _layers(line)
    for match in GROUP.finditer(line.text):
        yield Figure("group size", "", whole(match["number"]), line.number)


def _rates(line: Line) -> Iterator[Figure]:
    """`64 KB/token`: KB is both 1,000 and 1,024 bytes on cards, and the second is meant here."""
    if re.search(r"\b(?:per|each|a|every) layer\b", line.text):
        return
    token = TOKEN.search(line.text) and re.search(r"\bKV\b", line.text)
    for match in SIZE.finditer(line.text):
        if not match["rate"] and not (token and match["unit"] in {"KB", "kB", "KiB"}):
            continue
        after = AFTER.match(line.text, match.end())
        before = CACHE.findall(line.text[: match.start()])
        kind = _cache(after[1] if after else before[-1] if before else "auto")
        unit = match["unit"]
        scale = UNITS[unit] if "i" in unit else {1000: 1024}.get(UNITS[unit], UNITS[unit])
        yield Figure("kv token", kind, quantity(match, scale), line.number, unit)


def _cache(word: str) -> str:
    return "fp8" if "8" in word else "" if word.lower() == "auto" else FP16


def _sizes(line: Line) -> Iterator[Figure]:
    label = line.cells[0] if line.cells else line.text[: _first_size(line.text)]
    part = component(label)
    for match in SIZE.finditer(" | ".join(line.cells[1:]) if line.cells else line.text):
        if match["rate"]:
            continue
        found = (quantity(match, UNITS[match["unit"]]), line.number, match["unit"])
        if part is not None:
            yield Figure("weights" if part == WHOLE else "component", part, *found)
            if part != WHOLE:
                return
        elif not line.cells and _of_weights(line.text, match):
            yield Figure("weights", WHOLE, *found)


def _first_size(text: str) -> int:
    match = SIZE.search(text)
    return match.start() if match else 0


def _of_weights(text: str, match: re.Match[str]) -> bool:
    """Whether the words around a size say that it is of all weights."""
    around = text[max(0, match.start() - 24) : match.end() + 32]
    return bool(OF_WEIGHTS.search(around))


def _parameters(line: Line) -> Iterator[Figure]:
    for match in PARAMETERS.finditer(line.text):
        if not re.search(
            r"activ|per token|vision|draft",
            line.text[max(0, match.start() - 20) : match.end() + 20],
            re.IGNORECASE,
        ):
            unit = match["unit"].strip()
            scale = STEPS[unit[:1].upper() if len(unit) > 1 else unit]
            yield Figure("parameters", "", quantity(match, scale), line.number)


def _settings(line: Line) -> Iterator[Figure]:
    labelled = LABELLED.match(line.text) if not line.cells else None
    pair = line.cells[:2] if len(line.cells) == 2 else labelled.groups() if labelled else None  # noqa: PLR2004 - label and value
    key = setting(pair[0]) if pair else None
    if pair is None:
        return
    if (heads := HEADS.match(value := ungrouped(pair[1].strip()))) and "head" in pair[0].lower():
        kinds = ("num_attention_heads", "num_key_value_heads")
        if re.search(r"linear|delta", pair[0], re.IGNORECASE):
            kinds = ("linear_num_value_heads", "linear_num_key_heads")
        for kind, count in zip(kinds, heads.groups(), strict=True):
            yield Figure("setting", kind, whole(count), line.number)
        return
    match = COUNT.match(value)
    if key is not None and match and not re.match(r"\s*(?:[x×*/]|GB|GiB)", value[match.end() :]):
        also = binary(match)
        scale = STEPS[match["unit"]]
        yield Figure("setting", key, quantity(match, scale), line.number, also=also)


def _layers(line: Line) -> Iterator[Figure]:
    for match in LAYERS.finditer(line.text):
        kind = (match["kind"] or "").strip().lower()
        found = next((name for name, form in LAYER_KINDS.items() if re.fullmatch(form, kind)), None)
        if found is not None or kind in {"", "transformer", "hidden", "decoder", "total"}:
            before = line.text[: match.start()][-8:]
            whole_model = re.search(r"\bof (?:the|its|all) $", before) and len(match["number"]) > 1
            if whole_model or not re.search(
                r"[\w)][ ]?[×x*-]\s*$|first |last |each |every |of ", before
            ):
                yield Figure("layers", found or "", whole(match["number"]), line.number)
