"""Settings of config.json behind labels, and under their own names."""

import re
from collections.abc import Iterator

from release.audit.quantities import COUNT, STEPS, Figure, binary, quantity, ungrouped, whole
from release.audit.subjects import setting

HEADS, GROUPS = "num_attention_heads", "num_key_value_heads"
BOTH = re.compile(r"(\d{1,4}) for (?:Q|V|queries|values)\b,?(?: and)? (\d{1,4}) for (?:KV|QK|K)\b")
OF_BOTH = re.compile(r"q(?:uery)?\s*(?:/|and|&)\s*(?:kv|key[-/ ]value) heads", re.IGNORECASE)
TWO = re.compile(r"(\d{1,4})\s*(?:\([^()]*\)\s*)?[/,&]\s*(\d{1,4})")
# `Attention heads: 24 (4 KV)`
ASIDE = re.compile(r"\(\s*(\d{1,4})\s*(?:for )?(?:KV|key[-/ ]value)\b", re.IGNORECASE)
OF_GROUPS = re.compile(rf"\b(?:q|query|attention)?[ -]?heads?\s*{ASIDE.pattern}", re.IGNORECASE)
BESIDE = re.compile(
    r"(?<![\w.,])(\d{1,4})\s*(?:Q|query)(?: heads)?\s*(?:/|,|and|\+)\s*(\d{1,4})"
    r"\s*(?:KV|key[-/ ]value)\b",
    re.IGNORECASE,
)
SIZED = re.compile(
    r"(?<![\w.,])(\d{1,4}) (?:attention |query )?heads (?:of|with|x|×) (\d{1,4}) dim", re.IGNORECASE
)
NOT_COUNTED = re.compile(r"\s*(?:[x×*/]|GB|GiB|(?:K|M|k)?B\b)")
# A key as config.json writes it, with its number: `kv_lora_rank = 512`.
KEY = re.compile(
    r"(?<![\w./-])(?P<key>[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:size|heads|layers|dim|experts|rank|tok|window"
    r"|embeddings|interval|replace|groups|depth|kernel))[\"'`]?\s*(?:[=:|]|is\b)\s*(?P<number>\d[\d,]*)"
    r"(?![\w%]|\.\d|\s*(?:\.\.|[-–]\s*\d))"
)


def read_labelled_settings(number: int, label: str, value: str) -> Iterator[Figure]:
    """`Hidden size: 5,120`, `Attention heads: 24 (4 KV)`, `Query / KV heads: 24 / 4`."""
    value = ungrouped(value.strip())
    if pair := _heads(label, value):
        kinds = (HEADS, GROUPS)
        if re.search(r"linear|delta", label, re.IGNORECASE):
            kinds = ("linear_num_value_heads", "linear_num_key_heads")
        for kind, count in zip(kinds, pair.groups(), strict=True):
            yield Figure("setting", kind, whole(count), number)
        return
    key, match = setting(label), COUNT.match(value)
    if key is None or not match or NOT_COUNTED.match(value[match.end() :]):
        return
    yield Figure("setting", key, quantity(match, STEPS[match["unit"]]), number, also=binary(match))
    if key == HEADS and (aside := ASIDE.search(value)):
        yield Figure("setting", GROUPS, whole(aside[1]), number)


def _heads(label: str, value: str) -> re.Match[str] | None:
    if "head" not in label.lower():
        return None
    return BOTH.match(value) or (TWO.match(value) if OF_BOTH.fullmatch(label.strip()) else None)


def read_heads(number: int, text: str) -> Iterator[Figure]:
    """`24 query heads (4 KV)`, `24 Q / 4 KV heads`."""
    for match in SIZED.finditer(text):
        yield Figure("setting", HEADS, whole(match[1]), number)
        yield Figure("setting", "head_dim", whole(match[2]), number)
    for match in OF_GROUPS.finditer(text):
        yield Figure("setting", GROUPS, whole(match[1]), number)
    for match in BESIDE.finditer(text):
        yield Figure("setting", HEADS, whole(match[1]), number)
        yield Figure("setting", GROUPS, whole(match[2]), number)


def read_keys(number: int, text: str) -> Iterator[Figure]:
    """Collect what stands behind names of keys."""
    for match in KEY.finditer(text):
        digits = match["number"].rstrip(",").replace(",", "")
        yield Figure("setting", match["key"], whole(digits), number)
