"""Figures on a card that a fact answers: sizes of weights and caches, parameters, settings."""

import re
from collections.abc import Iterator

import msgspec

from release.audit.page import Line, Page, statements
from release.audit.parameters import read_labelled, read_parameters
from release.audit.places import machines
from release.audit.prose import of_others, read_prose
from release.audit.quantities import (
    COUNT,
    NUMBER,
    SIZE,
    STEPS,
    UNITS,
    Figure,
    binary,
    quantity,
    ungrouped,
    whole,
)
from release.audit.spelt import in_digits
from release.audit.subjects import WHOLE, component, is_about, setting
from release.audit.words import patterns, words

LABELLED = re.compile(r"^(?:[-*•]\s*)?([^\W\d][\w /().-]{0,48}?)\s*(?::|=|\s{2,})\s*(.+)$")
LAYERS = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,6})\s+(?P<kind>(?!of\b)[A-Za-z][\w -]{0,30}?\s+)?"
    r"(?:layers|blocks)\b"
)
GROUP = re.compile(
    rf"(?:{words('labels')['group_size']}|\bgroups?(?= of\b))[\"']?\s*(?:of|=|:|\||为|は|von)?\s*"
    r"(?P<number>\d{1,6})(?!\w|[.,]\d|\s*%)",
    re.IGNORECASE | re.ASCII,
)
CACHE = re.compile(r"\bfp8\b|\bbf16\b|\bfp16\b|\bbfloat16\b|\bfloat16\b|\bauto\b", re.IGNORECASE)
AFTER = re.compile(rf"\s*\(?(?:in|for|with|at|as)?\s*({CACHE.pattern})", re.IGNORECASE)
BEFORE = re.compile(
    r"\b(?:vs\.?|versus|from|than|instead of|original(?:ly)?|base|bf16|fp16|was)\W*$", re.IGNORECASE
)
LAYER_KINDS = {
    "linear_attention": r"(?:gated )?(?:delta ?net|linear[ -]attention|gdn|mamba|linear|recurrent)",
    "full_attention": r"(?:softmax|full|global)(?:[ -]attention)?|attention",
    "sliding_attention": r"(?:sliding(?:[ -]window)?|swa|local)(?:[ -]attention)?",
}
OF_MODEL = re.compile(r"\b(?:it|model|network|checkpoint) has (?:a total of )?$", re.IGNORECASE)
HEADS = re.compile(r"(\d{1,4}) for (?:Q|V|queries|values)\b,?(?: and)? (\d{1,4}) for (?:KV|QK|K)\b")
TOKEN = re.compile(
    r"\b(?:each|per|a|every|je|pro) token\b|每个?\s?token|トークンあたり|토큰당", re.IGNORECASE
)
# Layers as Qwen draws them: `16 × (3 × (DeltaNet → FFN) → 1 × (Attention → FFN))`.
DRAWN = re.compile(
    r"(?P<all>\d{1,3})\s*[×x*]\s*\(\s*(?P<one>\d{1,3})\s*[×x*]\s*\([^()]*\)\s*(?:→|->|⇒|,|\+)\s*"
    r"(?P<other>\d{1,3})\s*[×x*]\s*\([^()]*\)\s*\)"
)
OTHER_MEMORY = re.compile(r"\b(?:state|sequence|weights?)\b", re.IGNORECASE)
FP16 = "16 bits"
ALL = "in all"


def provide_figures(page: Page) -> tuple[Figure, ...]:
    """Collect them, line by line: from code what recipes say of groups."""
    other = of_others(page)
    found = [figure for line in statements(page) for figure in _read(line, other)]
    for fence in page.fences:
        for number, text in enumerate(fence.text.split("\n"), fence.number):
            found += _groups(number, text)
    once = {(each.kind, each.subject, each.line, each.quantity.value): each for each in found}
    return tuple(once.values())


def _read(line: Line, other: re.Pattern[str]) -> Iterator[Figure]:
    line = msgspec.structs.replace(line, text=in_digits(line.text))
    yield from _rates(line)
    yield from _sizes(line)
    yield from read_parameters(line)
    yield from _layers(line)
    pair = _pair(line)
    settings = [*_settings(line.number, *pair)] if pair and not machines(line.text) else []
    yield from settings or read_prose(line, other)
    if pair:
        yield from _stated(line, *pair)
    yield from _groups(line.number, line.text)


def _groups(number: int, text: str) -> Iterator[Figure]:
    for match in GROUP.finditer(text):
        yield Figure("group size", "", whole(match["number"]), number)


def _rates(line: Line) -> Iterator[Figure]:
    """`64 KB/token`: KB is both 1,000 and 1,024 bytes on cards, and the second is meant here."""
    if re.search(r"\b(?:per|each|a|every) layer\b", line.text):
        return
    token = TOKEN.search(line.text) and re.search(r"\bKV\b", line.text)
    for match in SIZE.finditer(line.text):
        if not match["rate"] and not (token and match["unit"] in {"KB", "kB", "KiB"}):
            continue
        if not match["rate"] and OTHER_MEMORY.search(_clause(line.text, match)):
            continue
        kind = _cache(_dtype(line.text, match))
        unit = match["unit"]
        scale = UNITS[unit] if "i" in unit else {1000: 1024}.get(UNITS[unit], UNITS[unit])
        yield Figure("kv token", kind, quantity(match, scale), line.number, unit)


def _clause(text: str, match: re.Match[str]) -> str:
    before, after = text[: match.start()], text[match.end() :]
    return re.split(r"[.,;] ", before)[-1] + re.split(r"[.,;](?: |$)", after)[0]


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
        elif not line.cells and _of_weights(line.text, match) and not _before(line.text, match):
            yield Figure("weights", WHOLE, *found)


def _first_size(text: str) -> int:
    match = SIZE.search(text)
    return match.start() if match else 0


def _of_weights(text: str, match: re.Match[str]) -> bool:
    """Whether the words around a size say that it is of all weights."""
    around = text[max(0, match.start() - 24) : match.end() + 32]
    return bool(patterns("verbs")["weights_of"].search(around))


def _before(text: str, match: re.Match[str]) -> bool:
    """Whether a size is what the model was quantized from: `(vs 54.7 GB)`."""
    return bool(BEFORE.search(text[: match.start()]))


def _pair(line: Line) -> tuple[str, str] | None:
    """A label and its value: `Hidden size: 5,120`, or a row of two cells."""
    if line.cells:
        return (line.cells[0], line.cells[1]) if len(line.cells) == 2 else None  # noqa: PLR2004
    labelled = LABELLED.match(line.text)
    return (labelled[1], labelled[2]) if labelled else None


def _settings(number: int, label: str, value: str) -> Iterator[Figure]:
    value = ungrouped(value.strip())
    if (heads := HEADS.match(value)) and "head" in label.lower():
        kinds = ("num_attention_heads", "num_key_value_heads")
        if re.search(r"linear|delta", label, re.IGNORECASE):
            kinds = ("linear_num_value_heads", "linear_num_key_heads")
        for kind, count in zip(kinds, heads.groups(), strict=True):
            yield Figure("setting", kind, whole(count), number)
        return
    key, match = setting(label), COUNT.match(value)
    if key is not None and match and not re.match(r"\s*(?:[x×*/]|GB|GiB)", value[match.end() :]):
        scale = STEPS[match["unit"]]
        yield Figure("setting", key, quantity(match, scale), number, also=binary(match))


def _stated(line: Line, label: str, value: str) -> Iterator[Figure]:
    """What a label says of the whole model: `Parameters: 27B`, `Size: 25 GB`."""
    yield from read_labelled(line.number, label, value)
    sizes = list(SIZE.finditer(value))
    if (
        is_about("size", label)
        and len(sizes) == 1
        and (line.cells or not _of_weights(line.text, sizes[0]))
    ):
        unit = sizes[0]["unit"]
        yield Figure("weights", WHOLE, quantity(sizes[0], UNITS[unit]), line.number, unit)
    if is_about("ratio", label) and (ratio := re.match(NUMBER + r"\s*(?:[x×]|:\s*1\b|$)", value)):
        yield Figure("ratio", "times", quantity(ratio, 1), line.number)


def _layers(line: Line) -> Iterator[Figure]:
    for match in DRAWN.finditer(line.text):
        count = int(match["all"]) * (int(match["one"]) + int(match["other"]))
        yield Figure("layers", ALL, whole(str(count)), line.number)
    for match in LAYERS.finditer(line.text):
        kind = (match["kind"] or "").strip().lower()
        found = next((name for name, form in LAYER_KINDS.items() if re.fullmatch(form, kind)), None)
        if found is not None or kind in {"", "transformer", "hidden", "decoder", "total"}:
            before = line.text[: match.start()][-8:]
            whole_model = (
                re.search(r"\bof (?:(?:the|its|all) )?$", before) and len(match["number"]) > 1
            )
            if whole_model or not re.search(
                r"[\w)][ ]?[×x*-]\s*$|first |last |each |every |of ", before
            ):
                of_all = ALL if OF_MODEL.search(line.text[: match.start()]) else ""
                yield Figure("layers", found or of_all, whole(match["number"]), line.number)
