"""Figures in sentences: settings of the model, and how much smaller it is than the original."""

import re
from collections.abc import Iterator
from functools import cache

from release.audit.page import Line, Page, sentences
from release.audit.quantities import (
    COUNT,
    NUMBER,
    SIZE,
    STEPS,
    Figure,
    Quantity,
    at_least,
    binary,
    percent,
    quantity,
    whole,
)
from release.audit.schemes import words_of
from release.audit.words import elsewhere, words

SMALLER = re.compile(
    rf"(?<![\w.,-]){NUMBER}\s*(?P<unit>[x×%]|times) smaller(?: than| vs\.?) (?P<than>[^.;"
    rf"|]{{2,40}})",
    re.IGNORECASE,
)
REDUCED = re.compile(
    rf"\b(?:reduc\w+|shr[aiu]nk\w*|cuts?|compress\w+|trims?|saves?)\b(?=[^.;]*\b(?:size|disk"
    rf"|memory|footprint)\b)[^.;]{{0,120}}?\bby (?:up to )?"
    rf"{NUMBER}\s*(?P<unit>[x×%])(?!\w)",
    re.IGNORECASE,
)
# `It is 46% of the size of the BF16 weights`, `half the size of the original`
OF_ORIGINAL = re.compile(
    rf"(?<![\w.,-])(?:{NUMBER}\s*(?P<unit>%)|(?P<word>half|a third|one third|a quarter))"
    r"(?: (?:of|as (?:large|big|small) as))? (?:the )?(?:(?:disk |file )?size of )?(?:the "
    r"|its )?(?P<than>[^.;|,]{2,40})",
    re.IGNORECASE,
)
PARTS = {"half": 50, "a third": 100 / 3, "one third": 100 / 3, "a quarter": 25}
# `95% of the original accuracy`
OF_QUALITY = elsewhere(
    more=r"accura\w+|perform\w+|quality|scores?|capabilit\w+|speed|throughput|perplexity|latency"
    r"|benchmarks?|recover\w+|results?|parameters?|bandwidth"
)
SAME_SIZE = re.compile(r"\bsize\b|\b(?:large|big|small) as\b|% of", re.IGNORECASE)
LOOSELY = 6.0  # percents that a spelt fraction may be off
BITS = re.compile(
    r"\bbits (?:per|for each|of each|used to represent|of)(?: the)? (?:parameters?|weights?)\b"
    r"[^.;]{0,24}? (?:from 16 )?to "
    rf"(?:an average of )?{NUMBER}(?!\w|[.,]\d)",
    re.IGNORECASE,
)
BITS_EACH = re.compile(
    rf"(?<![\w.,-])(?<!from ){NUMBER}\s*(?:(?:effective )?bits? (?:per|for each|a) "
    r"(?:(?:quantized )?(?:parameter|weight))\b|bpw\b)",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"\b(?:original|base|bf16|fp16|bfloat16|float16|16[- ]bit|unquantized|full[- ]precision)\b",
    re.IGNORECASE,
)
# Said of a sentence that names the original somewhere: `Compared with BF16 it is 54% smaller.`
LESS = re.compile(
    rf"(?<![\w.,-]){NUMBER}\s*(?P<unit>[x×%]) (?:smaller(?! than)|less disk"
    r"|(?:size )?reduction\b(?! in (?!size|disk|memory)))",
    re.IGNORECASE,
)
ABOUT_SIZE = re.compile(rf"{ORIGINAL.pattern}|\b(?:size|disk)\b", re.IGNORECASE)
# The sentence is about another model, a part of this one, or what it can be made to do.
ELSEWHERE = ("original", "others", "models", "unreal", "towers", "cache")
MORE = r"instead|yarn|rope|exten\w+|extrapolat\w+|calibrat\w+"
OTHER_KINDS = "plain|conventional|older"
FAMILIES = ("llama", "gemma", "mistral", "deepseek", "phi", "gpt", "qwen", "glm", "kimi")
CONTEXT, LAYERS, EXPERTS, ACTIVE = (
    *("max_position_embeddings", "num_hidden_layers", "num_experts", "num_experts_per_tok"),
)
POINTS = re.compile(r"(?<=\d)\.(?=\d{3}(?![\d.]|\s?[KMBTkm%]))", re.ASCII)  # `248.320`
FEW = 3  # digits of a number that is no vocabulary
COUNTED = {LAYERS, EXPERTS, ACTIVE, "num_attention_heads", "num_key_value_heads"}
# First, last or each of them; or those of a part.
SOME = re.compile(
    r"(?:[前后後每各첫매]|最[后後初]の?|first|last|every|erste[nr]?|letzten?|linear|delta\w*|cross|ssm)\s*$",
    re.IGNORECASE,
)
NATIVE = re.compile(r"\bnative(?:ly)?\s*$", re.IGNORECASE)
COUNTER = r"(?:[- ]tokens?)?[- ]?(?:[个個]の?|개의?)?\s?"
LINKS = (
    r"\s*(?:\([^()]*\)\s*)?(?:is|=|:|ist|umfasst|beträgt|covers|spans|[共总]?[为有]|共|は|[는은])"
    r"\s*"
)
LOOSE = (
    r"\s*(?:\([^()]*\)\s*)?(?:(?:is|has|of|=|:|\?|ist|von|umfasst|beträgt|covers|spans|为|は"
    r"|[는은])\s*|\()?"
)
MOST = r"(?:up to |bis zu |最大)?"
WHOLE = r"(?<![\w.,/$-])(?P<number>\d{1,4})"
# "8 of 128 experts"
SHARE = re.compile(
    rf"{WHOLE}\s*(?:(?:out )?of|/|von)\s*(?:the |its )?(?P<all>\d{{1,5}})\s*(?:routed )?"
    + words("spoken")[EXPERTS],
    re.IGNORECASE | re.ASCII,
)
ACTIVATED = re.compile(
    rf"{WHOLE}\s*(?:of (?:which|them|these)\s*)?[个個개]?(?:专家|[がをはで]|[가이])?\s*(?:are |被)?"
    rf"(?:{words('verbs')['active']}"
    r"|(?:routed |used |chosen |selected |fire |run )?(?:per|for each|for every) token)"
    r"(?!\s*param|参数|パラ)"
    rf"|{words('verbs')['active']}\s*(?P<of>\d{{1,4}})\s*[个個개]\s*(?:路由)?(?:专家|エキスパート|전문가)?"
    r"|\btop[- ](?P<top>\d{1,3})(?!\w)",
    re.IGNORECASE | re.ASCII,
)


def read_prose(line: Line, other: re.Pattern[str]) -> Iterator[Figure]:
    """Collect them; in tables from rows of two cells. `other` is what to stay away from."""
    for text in [": ".join(line.cells)] if len(line.cells) == 2 else _sentences(line):  # noqa: PLR2004
        yield from _ratios(line.number, text)
        if not other.search(text):
            yield from _settings(line.number, text)


def _sentences(line: Line) -> list[str]:
    return [] if line.cells else sentences(line.text)


def of_others(page: Page) -> re.Pattern[str]:
    """What says that a sentence is not of this model: families of models, but for its own."""
    return _others(_families(page), ELSEWHERE, MORE)


def foreign_to(page: Page) -> re.Pattern[str]:
    """What says that a sentence is of another model as a whole: its name, or that it is one."""
    return _others(_families(page), ("models",), OTHER_KINDS)


def _families(page: Page) -> tuple[str, ...]:
    title = page.title + str(page.fields.get("base_model", ""))
    return tuple(name for name in FAMILIES if name not in title.lower())


@cache
def _others(families: tuple[str, ...], kinds: tuple[str, ...], more: str) -> re.Pattern[str]:
    return elsewhere(*kinds, more="|".join([more, *(rf"{name}\w*" for name in families)]))


@cache
def _forms() -> dict[str, tuple[re.Pattern[str], ...]]:
    """For each setting a number before its name, and behind it."""
    forms = {}
    for key, name in words("spoken").items():
        before = rf"{COUNT.pattern}{COUNTER}{name}(?![\w'\u2019])(?! (?:states?|units?)\b)"
        links = LINKS if key in COUNTED else LOOSE
        behind = rf"(?<![\w-]){name}{links}{MOST}{COUNT.pattern}"
        forms[key] = tuple(re.compile(form, re.IGNORECASE | re.ASCII) for form in (before, behind))
    return forms


def _settings(number: int, text: str) -> Iterator[Figure]:
    if re.search(rf"{words('spoken')[EXPERTS]}|\brout(?:ing|er)\b", text, re.IGNORECASE):
        for match in SHARE.finditer(text):
            yield Figure("setting", ACTIVE, whole(match["number"]), number)
            yield Figure("setting", EXPERTS, whole(match["all"]), number)
        text = SHARE.sub(" ", text)
        for match in ACTIVATED.finditer(text):
            count = match["number"] or match["of"] or match["top"]
            yield Figure("setting", ACTIVE, whole(count), number)
        text = ACTIVATED.sub(" ", text)
    text = POINTS.sub("", text)
    for key, forms in _forms().items():
        for form in forms:
            found = list(form.finditer(text))
            for match in found:
                few = key == "vocab_size" and not match["unit"] and len(match["number"]) < FEW
                if not few and not SOME.search(text[: match.start()]):
                    yield _figure(number, key, match, text[: match.start()])
            if found:
                text = form.sub(lambda match: " " * len(match[0]), text)


def _figure(number: int, key: str, match: re.Match[str], before: str) -> Figure:
    found, also = quantity(match, STEPS[match["unit"]]), binary(match)
    if key == LAYERS:
        return Figure("layers", "", found, number)
    # A server may be told less than what the model can, and no more.
    if key == CONTEXT and not NATIVE.search(before):
        found, also = at_least(found), at_least(also) if also else None
    return Figure("setting", key, found, number, also=also)


def _ratios(number: int, text: str) -> Iterator[Figure]:
    cache_only = re.search(r"\b(?:kv|cache)\b", text, re.IGNORECASE)
    for match in SMALLER.finditer(text):
        of_scheme = words_of(text[: match.start()])  # `NVFP4 is 3.5x smaller than BF16`
        if ORIGINAL.search(match["than"]) and not of_scheme and not cache_only:
            yield Figure("ratio", _kind(match), quantity(match, 1), number)
    for match in OF_ORIGINAL.finditer(text) if ABOUT_SIZE.search(text) else ():
        shared = SAME_SIZE.search(match[0]) and not OF_QUALITY.search(match["than"])
        if not cache_only and shared and ORIGINAL.search(match["than"]):
            kind = "about percent" if match["word"] else "percent"
            yield Figure("ratio", kind, _remaining(match), number)
    for match in REDUCED.finditer(text):
        if not cache_only:
            yield Figure("ratio", f"about {_kind(match)}", quantity(match, 1), number)
    of_size = ABOUT_SIZE.search(text) or len(SIZE.findall(text)) > 1
    for match in LESS.finditer(text) if of_size and not cache_only else ():
        yield Figure("ratio", f"about {_kind(match)}", quantity(match, 1), number)
    for form in (BITS, BITS_EACH):
        for match in form.finditer(text):
            yield Figure("bits", "", quantity(match, 1), number)


def _remaining(match: re.Match[str]) -> Quantity:
    """What is saved where the rest is told."""
    if match["word"]:
        saved = 100 - PARTS[match["word"].lower()]
        return Quantity(match["word"], saved, saved - LOOSELY, saved + LOOSELY)
    found = percent(match)
    return Quantity(found.text, 100 - found.value, 100 - found.high, 100 - found.low)


def _kind(match: re.Match[str]) -> str:
    return "percent" if match["unit"] == "%" else "times"
