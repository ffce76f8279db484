"""What a card says the model can do, and the evidence it gives for quality."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from release.audit.labels import pair
from release.audit.page import Page, sentences, statements
from release.audit.places import Machine, machines
from release.audit.words import elsewhere, words

Kind = Literal["mtp", "no mtp", "vision", "no vision", "native", "remote code", "recovery", "speed"]

DENIED = re.compile(
    rf"\b(?:{words('elsewhere')['absent']})\b|n't\b|{words('elsewhere')['absent_cjk']}",
    re.IGNORECASE,
)
# What is said of how the model was made, or of another, is no claim about these files.
ELSEWHERE = elsewhere("original", "others", "models", more=r"train\w*|if")
MTP = re.compile(r"\bMTP\b|multi-token prediction|\"method\":\s*\"(?:\w*mtp)\"", re.IGNORECASE)
# That it is not there; what is said of it otherwise is no such claim.
GONE = (
    r"(?:^\W*|\b(?:has|have|is|are|includes?|contains?|holds?|ships?|with|enthält|hat) )"
    r"(?:no|kein\w*) (?:{part})\b(?! (?:quant|support|config))"
    r"|\b(?:{part}) (?:is|are|was|were|has been|have been) (?:not (?:included|part|present|kept)"
    r"|removed|dropped|stripped|lost|missing|left out|discarded)\b"
    r"|\b(?:does|do) not (?:include|contain|have|ship|come with) (?:the |an? |any )?(?:{part})\b"
    r"|\b(?:removed|dropped|stripped|lost|lacks|discarded) (?:the |its |all )?(?:{part})\b"
)
NO_MTP = re.compile(
    GONE.format(
        part=r"(?:mtp|multi-token prediction)[- ]?(?:heads?|weights|layers?|modules?|tensors)"
    ),
    re.IGNORECASE,
)
NO_VISION = re.compile(
    GONE.format(part=r"(?:vision|visual)[- ](?:towers?|encoders?|model|weights)"), re.IGNORECASE
)
IMAGES = r"\b(?:images?|pictures|vision)\b|图像|图片|画像|이미지|\bBilder\b"
SEES = re.compile(
    r"\b(?:accepts?|supports?|understands?|process(?:es)?|handles?|takes?|reads?)"
    rf" (?:both )?(?:text(?:,? and |, | & | \+ ))?(?:{IMAGES})(?! (?:tower|encoder))"
    rf"|(?:{IMAGES})(?: inputs?)? (?:is|are) (?:also )?(?:supported|accepted|understood)\b"
    r"|\b(?:text,? and|text &|text \+) images?\b",
    re.IGNORECASE,
)
INPUT = re.compile(
    r"\W*(?:inputs?|modalit\w+|input (?:types?|modalit\w+))(?:\(s\))?\W*", re.IGNORECASE
)
NATIVE = re.compile(
    r"native(?:ly)?\b.*\b(?:NV)?FP[48]|(?:NV)?FP[48] (?:acceleration|tensor cores|kernels)"
    r"|out of the box",
    re.IGNORECASE,
)
REMOTE = re.compile(r"trust[_-]remote[_-]code(?:\s*=\s*True)?\b")
SAID = re.compile(r"weight-only|marlin|emulat|16[- ]bits?", re.IGNORECASE)
RECOVERY = re.compile(
    r"(?:recover(?:y|s|ed)|retain(?:s|ed)?|preserv\w*)\b[^|]{0,60}?(?<![\d.])\d[\d.]{0,9}\s*%"
    r"|(?<![\d.])\d[\d.]{0,9}\s*%\s*recovery|(?<![\d.])(?:[89]\d"
    r"|1\d\d)(?:\.\d{1,6})?\s*%\s*(?:of (?:the )?(?:base|original|bf16))",
    re.IGNORECASE,
)
SPEED = re.compile(
    r"(?<![\d.])\d[\d.]{0,5}\s*(?:[x×%]|times|fold)\s*(?:(?:as )?fast(?:er)?\b|quicker\b"
    r"|(?:the |higher |more |greater |better |decod\w+ |inference )(?:throughput|speed)\b"
    r"|speed-?ups?\b)|\bspeed-?ups? of (?:up to |about )?\d",
    re.IGNORECASE,
)
TIMED = re.compile(
    r"vllm bench|benchmark_(?:serving|throughput|latency)|guidellm|genai-perf|llmperf|aiperf"
    r"|\b(?:tokens?|tok|reqs?|requests)\s?(?:/|per )\s?s(?:ec(?:ond)?)?\b|\bT(?:POT|TFT)\b",
    re.IGNORECASE,
)
EVIDENCE = re.compile(
    r"lm[-_ ]eval|evaluation[- ]harness|lighteval|evalplus|evalscope|simple-evals|opencompass",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"\bn\s*=\s*\d|\bstderr\b|±|\bsamples?\b|\bquestions?\b|\bproblems?\b|\bn\b", re.IGNORECASE
)
BASE = re.compile(r"\b(?:base|original|bf16|baseline)\b", re.IGNORECASE)
BASE_SCORE = re.compile(
    rf"{BASE.pattern}(?: model)?(?:'s)?(?: scores?)?(?:\s*[:=(]\s*|\s+(?:at |is |was |of )?)"
    r"(?:0\.\d|\d{1,3}\.\d|\d{1,3}\s*%)(?!\d*\s*[x×KMGT]?B\b)",
    re.IGNORECASE,
)


class Feature(msgspec.Struct, frozen=True):
    """A line that claims something; `machines` are the GPUs that it names."""

    kind: Kind
    line: int
    text: str
    machines: tuple[Machine, ...] = ()


class Features(msgspec.Struct, frozen=True):
    """All claims, and what the card offers as evidence anywhere."""

    claims: tuple[Feature, ...]
    harness: bool
    counted: bool
    base_scores: bool
    timed: bool


def provide_features(page: Page) -> Features:
    """Collect them. A line that denies something claims nothing."""
    texts = [line.text for line in statements(page)]
    heads = " ".join(" ".join(line.heads) for line in page.lines)
    return Features(
        claims=tuple(_claims(page)),
        harness=any(EVIDENCE.search(text) for text in (*texts, page.text)),
        counted=bool(COUNTED.search(heads)) or any(re.search(r"\bn\s*=\s*\d", t) for t in texts),
        base_scores=bool(BASE.search(heads)) or any(map(BASE_SCORE.search, texts)),
        timed=bool(TIMED.search(page.text)),
    )


def _claims(page: Page) -> Iterator[Feature]:
    for line in statements(page):
        label, value = pair(line) or ("", "")
        if INPUT.fullmatch(label) and re.search(IMAGES, value, re.IGNORECASE):
            yield Feature("vision", line.number, line.text)
        for part in sentences(line.text):
            yield from _sentence(line.number, part)
    for fence in page.fences:
        for number, text in enumerate(fence.text.split("\n"), fence.number):
            if MTP.search(text):
                yield Feature("mtp", number, text.strip())
    for number, text in enumerate(page.text.split("\n"), 1):
        if REMOTE.search(text) and not DENIED.search(text):
            yield Feature("remote code", number, text.strip())
    if page.fields.get("pipeline_tag") == "image-text-to-text":
        yield Feature("vision", page.line_of("pipeline_tag"), "image-text-to-text")


def _sentence(number: int, text: str) -> Iterator[Feature]:
    if RECOVERY.search(text):
        yield Feature("recovery", number, text)
    if SPEED.search(text):
        yield Feature("speed", number, text)
    if not ELSEWHERE.search(text):
        if NO_MTP.search(text):
            yield Feature("no mtp", number, text)
        if NO_VISION.search(text):
            yield Feature("no vision", number, text)
    if DENIED.search(text):
        return
    if SEES.search(text) and not ELSEWHERE.search(text):
        yield Feature("vision", number, text)
    if MTP.search(text) and not ELSEWHERE.search(text):
        yield Feature("mtp", number, text)
    named = machines(text)
    if named and NATIVE.search(text) and not SAID.search(text):
        yield Feature("native", number, text, tuple(named))
