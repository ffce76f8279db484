"""What a card says of the KV cache: its precision, and whether the checkpoint has scales for it."""

import re
from collections.abc import Iterator

from release.audit.page import Line, sentences
from release.audit.precise import UNSURE, Precise
from release.audit.schemes import PLAIN, QUANTIZED, manners_of, unfolded, words_of
from release.audit.words import elsewhere, words

SCALES, NO_SCALES = "with scales", "without scales"
CACHE = r"(?:k/?v[- ]?(?:cache|缓存|キャッシュ|캐시)?)"
VERB = words("verbs")["quantized"]
# `The KV cache is quantized to FP8`
PRECISION = re.compile(
    rf"\b{CACHE}(?: is| was| ist| stays| remains| kept|被|保持|采用|使用|为)+"
    r"(?P<said>[^.;,]{2,40})",
    re.IGNORECASE,
)
# `FP8 KV cache scales are included`, `scales for the FP8 KV cache`
SCALED = re.compile(
    rf"\b{CACHE}[- ]?(?:的)?\s?(?:quanti\w+ )?"
    r"(?:scal(?:es?\b|ing factors?\b)|skal(?:en|ierungs\w+)|缩放)"
    r"|\b[kv]_scales?\b"
    rf"|\bscal(?:es|ing factors) (?:of|for) (?:an? |the |its )?[\w -]{{0,20}}?\b{CACHE}"
    rf"|\b(?:calibrated|static) (?:fp8 )?{CACHE}",
    re.IGNORECASE,
)
HAS = re.compile(
    r"\b(?:with|includ\w+|contain\w*|comes?|ships?|stor\w+|holds?|has|have|present|provid\w+|calibrated"
    r"|there are|carr\w+|enthält|enthalten|mit|vorhanden)\b|包含|附带|提供|有",
    re.IGNORECASE,
)
LACKS = re.compile(
    rf"\b(?:{words('elsewhere')['absent']})\b|n't\b|{words('elsewhere')['absent_cjk']}",
    re.IGNORECASE,
)
# What an engine makes of it, whatever the checkpoint has.
SERVED = re.compile(r"\bor\b|--|scales? of (?:one|1)\b|=\s*1", re.IGNORECASE)
WHOLE = re.compile(rf"{words('sides')['weights']}|{words('sides')['activations']}", re.IGNORECASE)
GIVEN = elsewhere(more="calculat\\w+|comput\\w+|need\\w*|requir\\w+|recommend\\w*|engine|vllm")


def read_cache(line: Line) -> Iterator[Precise]:
    """Collect what sentences say of it."""
    for text in sentences(line.text):
        if UNSURE.search(text) or SERVED.search(text):
            continue
        for match in PRECISION.finditer(text):
            if said := _words(match["said"]):
                yield Precise(line.number, match[0], (), said, "cache")
        scaled = SCALED.search(text)
        if scaled and not GIVEN.search(text) and (LACKS.search(text) or HAS.search(text)):
            held = NO_SCALES if LACKS.search(text) else SCALES
            bare = unfolded(re.sub(r"\bscal\w+", " ", text))
            formats = _words(bare) if held == SCALES and not WHOLE.search(text) else frozenset()
            yield Precise(line.number, text, (), formats | {held}, "cache")


def read_labelled_cache(line: Line, label: str, value: str) -> Iterator[Precise]:
    """`KV cache: FP8 (calibrated scales)`."""
    text = f"{label}: {value}"
    if UNSURE.search(re.sub(r"without (?:\w+ )?scales", "", text)) or SERVED.search(value):
        return
    said = _words(value)
    if re.search(VERB, label, re.IGNORECASE) and said - {PLAIN}:
        said |= {QUANTIZED}
    if re.search(r"\bscales?\b|calibrated", value, re.IGNORECASE):
        said |= {NO_SCALES if LACKS.search(value) else SCALES}
    if said:
        yield Precise(line.number, text, (), said, "cache")


def _words(text: str) -> frozenset[str]:
    said = words_of(text) | manners_of(text)
    plain = re.search(
        rf"(?:not|un|nicht |未|不|没有)\s*(?:been )?{VERB}|\bno quant", text, re.IGNORECASE
    )
    if plain:
        return said | {PLAIN}
    quantized = said and re.search(VERB, text, re.IGNORECASE)
    return said | {QUANTIZED} if quantized else said
