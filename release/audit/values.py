"""What a card says that config.json says: switches, words and versions behind their keys."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from release.architecture import ModelConfig
from release.audit.labels import pair
from release.audit.page import Line, Page, sentences, statements
from release.audit.precise import UNSURE
from release.audit.words import elsewhere, words
from release.quantization.config import ROOT

TIED, ORDER = "tie_word_embeddings", "actorder"
VERSION = rf"{ROOT}.version"
TRANSFORMERS = "transformers_version"
# `tie_word_embeddings: false`, `quant_method = gptq`; a sentence says more of a word than its value
KEYED = re.compile(
    r"(?<![\w./-])(?P<key>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)[\"'`]*"
    r"(?:\s*(?::|=|\|)\s*[\"'`]*(?P<word>[A-Za-z](?:[\w.-]*\w)?)[\"'`]*(?=\s*(?:[,;).|]|$))"
    r"|\s*(?::|=|\||\b(?:is|stays|remains)(?: set to)?\b|\bset to\b)"
    r"\s*[\"'`]*(?P<switch>true|false|yes|no)\b)",
    re.IGNORECASE,
)
EMBEDDINGS = (
    r"(?:(?:word|input|token|output|the|its) )*(?:embeddings?(?: layers?| weights)?|einbettungen)"
)
TO = words("verbs")["tied"]
TIE = re.compile(
    rf"\b{EMBEDDINGS}\s+(?:is|are|sind)\s+(?P<how>[^.;]{{0,12}}?)(?:tied|shared with|{TO})"
    rf"|\b(?P<un>un)?tied (?:word |input |token )?embeddings?\b(?!\s*[:=|?])"
    r"|(?:词嵌入|嵌入层|埋め込み)(?P<cjk>[^。,;]{0,6}?)(?:共享|绑定|共有)"
    rf"|\b{EMBEDDINGS}\s+(?:is|are|sind)\s+(?P<far>[^.;]{{0,60}}?)\b{TO}",
    re.IGNORECASE,
)
TIE_LABEL = re.compile(
    r"(?:tied?(?: (?:word|input|token))?|weight[- ]tied|shared)(?: |-)(?:embeddings?(?: weights)?)"
    r"|(?:word )?embeddings? tied",
    re.IGNORECASE,
)
ORDER_LABEL = re.compile(r"(?:act(?:ivation)?[-_ ]?order(?:ing)?|desc[-_]act)", re.IGNORECASE)
SWITCHES = {"true": "true", "yes": "true", "ja": "true", "是": "true"}
SWITCHES |= {"false": "false", "no": "false", "nein": "false", "none": "false", "否": "false"}
NOT = re.compile(r"\b(?:not|no|never|nicht|un)\b|n't\b|不|未", re.IGNORECASE)
WROTE = re.compile(
    r"\bconfig\.json\b[^.;|]{0,40}?\b(?:written|saved|made|created|from|by|version)\b"
    r"(?:[^.;|\d]|\.(?!\d)){0,24}(?P<version>\d+\.\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"v?(?P<version>\d+\.\d+(?:\.\d+)?(?:\.?\w*\d)?)(?!\S)")
MADE = re.compile(r"quanti|provenance|production|creat|made|reproduc|detail", re.IGNORECASE)
OTHER = elsewhere("original", more="if|when|instead|draft")
# Readers are told other values of these, as of rope.
TOLD = re.compile(r"rope|max_|num_|cache|generat|temperature|top_")


class Value(msgspec.Struct, frozen=True):
    """What the card gives as the value of a key, in small letters; `true` and `false` for both."""

    key: str
    said: str
    line: int


def provide_keyed(page: Page) -> tuple[Value, ...]:
    """Collect them from text; code may show what readers can change."""
    return tuple(dict.fromkeys(value for line in statements(page) for value in _read(line)))


def true_values(key: str, config: ModelConfig) -> set[str]:
    """What config.json has there, in small letters; nothing where it does not say."""
    declared = config.raw.get(ROOT)
    declared = declared if isinstance(declared, dict) else {}
    if key == ORDER:
        groups = declared.get("config_groups")
        sides = [g.get("weights") for g in groups.values()] if isinstance(groups, dict) else []
        orders = {_small(side.get(ORDER)) for side in sides if isinstance(side, dict)}
        return orders | ({"true"} if orders - {"false"} else set())
    name = key.removeprefix(f"{ROOT}.")
    places = [declared] if key != name else [config.raw, config.text, declared]
    keys = {name, *({"dtype", "torch_dtype"} if "dtype" in name else ())}
    found = [place[key] for place in places for key in sorted(keys) if key in place]
    return {_small(value) for value in found if isinstance(value, bool | str)}


def agrees(said: str, true: str) -> bool:
    """Whether a card's word is the config's; of versions the first parts do."""
    return said == true or (said[:1].isdigit() and true.startswith(f"{said}."))


def _small(value: Any) -> str:
    return str("false" if value is None else value).lower().removeprefix("torch.")


def _read(line: Line) -> Iterator[Value]:
    text = " | ".join(line.cells) if line.cells else line.text
    if OTHER.search(text):
        return
    yield from _labelled(line)
    for sentence in sentences(text):
        if UNSURE.search(sentence):
            continue
        for match in KEYED.finditer(sentence):
            said = match["word"] or match["switch"]
            if not TOLD.search(match["key"]):
                yield Value(match["key"], SWITCHES.get(said.lower(), _small(said)), line.number)
        for match in TIE.finditer(sentence):
            denied = NOT.search(match["how"] or match["far"] or match["cjk"] or "") or match["un"]
            denied = denied or re.search(r"\b(?:no|not|without) $", sentence[: match.start()])
            yield Value(TIED, "false" if denied else "true", line.number)
        for match in WROTE.finditer(sentence):
            yield Value(TRANSFORMERS, match["version"], line.number)


def _labelled(line: Line) -> Iterator[Value]:
    label, value = pair(line) or ("", "")
    first = re.split(r"[\s,;(]", value.strip(), maxsplit=1)[0].lower()
    label = label.strip("*` ")
    if TIE_LABEL.fullmatch(label) and first in SWITCHES:
        yield Value(TIED, SWITCHES[first], line.number)
    if ORDER_LABEL.fullmatch(label) and re.fullmatch(r"[a-z]+", first):
        yield Value(ORDER, SWITCHES.get(first, first), line.number)
    version = NUMBERED.match(value.strip())
    if version and MADE.search(line.heading) and label.lower() == "compressed-tensors":
        yield Value(VERSION, version["version"], line.number)
    if version and re.search(r"config\.json|transformers_version", label):
        yield Value(TRANSFORMERS, version["version"], line.number)
