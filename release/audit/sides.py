"""What sentences say of the whole model: what it was quantized to, and how each side is scaled."""

import re
from collections.abc import Iterator

from release.audit.page import Line, sentences
from release.audit.places import machines
from release.audit.precise import Precise, Side
from release.audit.schemes import (
    BRACKETS,
    FLOATS,
    PLAIN,
    WORD,
    manners_of,
    unfolded,
    without_manners,
    words_of,
)
from release.audit.schemes import QUANTIZED as SAID
from release.audit.words import elsewhere, words

# The sentence is about other models, a part of this one, or what an engine makes of it.
ELSEWHERE = elsewhere(
    *("original", "others", "models", "unreal", "denied", "engines", "towers", "cache"),
    more=r"differ\w*|distinct|except|instead|than|available|compared|marlin|emulat\w*|weight-only"
    r"|tried|kernels?|tensor cores|dequanti\w*|lm_head|embed\w*|head|norms?|router|gates?|mtp",
)
OTHERS = elsewhere("models")
QUANTIZED = words("verbs")["quantized"]
WORD_ALONE = re.sub(r"\?P<\w+>", "?:", WORD.pattern)
TO = re.compile(
    rf"{QUANTIZED}(?:\w* (?:version )?of (?:[^.;:]|\.(?=\w)|:(?=//)){{0,160}}:"
    rf"|\w*\b[^.;]{{0,90}}\b(?:to|into|in|as|using|with|zu|auf|nach)\b"
    r"|[为成至到]+)\s*(?:the\s+|an?\s+)?(?:(?:mix|mixture|combination) of\s+)?"
    r"(?:[\w.-]+\s*(?:[,/+&]|\band\b|\bund\b)\s*){0,3}$",
    re.IGNORECASE,
)
INTO = re.compile(
    r"(?:(?:\s*(?:[,/+&]|\band\b|\bund\b|と|和)\s*|\s+(?:rtn|gptq|awq)\s+)[\w.-]+){0,2}[-\s]*"
    r"(?:(?:data|weights?|only|dynamic|static|mixed|precision|hybrid|block|type|dtype|scheme|format"
    r"|rtn|gptq|awq|ptq|qat|autoround|smoothquant|으로|로|に|の|へ|权重|混合)[-\s]*){0,4}"
    rf"(?:{QUANTIZED}|(?<=mixed[- ])precision)",
    re.IGNORECASE,
)
# `MXFP8 on all linear layers`; what is an exception is said behind it
ON_ALL = re.compile(
    r"\s+(?:on|for|in) (?:all |the |all the )?linear (?:layers|operators|modules)\b", re.IGNORECASE
)
# `FP8 W8A8 checkpoint, ...`, `W4A16.`: what a sentence begins with, or all that it says
FIRST = re.compile(
    r"\W*(?:(?:this is )?(?:an?|the)\s)?(?:(?:mixed|static|dynamic)\s)?\W*", re.IGNORECASE
)
IS_ALL = re.compile(
    rf"(?:\s+{WORD_ALONE})?(?:\s+(?:checkpoint|quants?|build)\b|\W*$)", re.IGNORECASE | re.ASCII
)
# `FP8 with per-channel scales`
HOW = re.compile(r"(?:\W|\b(?:with|using|and|a|the|scal(?:es?|ing)|quanti[sz]ation|scheme)\b)*")
# `Asymmetric quantization with zero points`
MANNER = re.compile(
    rf"\W*(?:it uses |uses )?a?symmetric\s+(?:[\w-]+\s){{0,2}}{QUANTIZED}\w*", re.IGNORECASE
)
# `All linear layers except the head run with INT8 weights`; what is said of the scales alone.
EXCEPT = re.compile(
    r"\b(?:except|besides|but)(?: for)? (?:the |its )?[\w ]{2,30}?"
    r"(?= (?:runs?|use|are|is|have|has)\b)"
)
SCALES = re.compile(
    r"\W*(?:(?:the|all|each|every|its)\s)?(?:\w+\s)?scal(?:es?|ing)\b", re.IGNORECASE
)
# `so this is W4A4`
THIS = re.compile(
    r"\b(?:this|it|that|which|model|checkpoint|scheme) is (?:an? |the )?$", re.IGNORECASE
)
CLAUSE = re.compile(
    r"\s*(?:[,;:()]|\b(?:whereas|while|but|plus)\b|\s[-\u2013\u2014]\s)\s*", re.IGNORECASE
)
WEIGHTS, ACTIVATIONS = words("sides")["weights"], words("sides")["activations"]
BOTH = re.compile(
    rf"{WEIGHTS}\s*(?:and|&|\+|/|und|和|と|및)\s*(?:the )?{ACTIVATIONS}", re.IGNORECASE
)
SIDE = re.compile(rf"(?P<weights>{WEIGHTS})|(?P<activations>{ACTIVATIONS})", re.IGNORECASE)
# `Only weights are quantized`, `Both weights and activations are quantized`
IS = r"(?:is|are|was|were|stays?|remains?)"
NO_ACTIVATIONS = re.compile(
    rf"\bonly (?:the )?(?:{WEIGHTS}) {IS} quanti[sz]ed(?! (?:to|in|into|as|with|on)\b)"
    rf"|(?:{ACTIVATIONS}) {IS}(?: left)? (?:not |un)quanti[sz]ed",
    re.IGNORECASE,
)
ACTIVATIONS_TOO = re.compile(rf"{BOTH.pattern} {IS} (?:both )?quanti[sz]ed", re.IGNORECASE)
SOURCE = elsewhere("original", "others", "models", "unreal", "engines", "towers", "cache")
AND = re.compile(r"\s(?:and|und|with|mit)\s", re.IGNORECASE)


def read_sides(line: Line) -> Iterator[Precise]:
    """Collect them; what a sentence says of single parts is read elsewhere."""
    for text in sentences(line.text):
        if machines(text):
            continue
        bare = re.sub(r"\([^()]*\)", "", unfolded(text))
        found = frozenset([*_quantized_to(bare), *_in_brackets(text)])
        if found:
            yield Precise(line.number, text, (), found, "both")
        manner = MANNER.match(text)
        if manner and not ELSEWHERE.search(text):
            yield Precise(line.number, manner[0], (), manners_of(manner[0]), "weights")
        yield from _left_alone(line.number, text)
        for clause in _clauses(unfolded(text)):
            yield from _sided(line.number, clause)


def _left_alone(number: int, text: str) -> Iterator[Precise]:
    if SOURCE.search(text):
        return
    for form, word in ((NO_ACTIVATIONS, PLAIN), (ACTIVATIONS_TOO, SAID)):
        if said := form.search(text):
            yield Precise(number, said[0], (), frozenset({word}), "activations")


def _quantized_to(text: str) -> Iterator[str]:
    for match in WORD.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        begun = re.split(r"[,;:]", before)[-1]
        if ELSEWHERE.search(begun) or ELSEWHERE.match(after.lstrip()) or OTHERS.search(after):
            continue
        alone = _is_all(before, after)
        if any((TO.search(before), INTO.match(after), ON_ALL.match(after), alone)):
            yield from words_of(match[0]) - FLOATS
        if alone or (FIRST.fullmatch(without_manners(before)) and INTO.match(after)):
            yield from manners_of(f"{before} {after}") if words_of(match[0]) - FLOATS else ()


def _is_all(before: str, after: str) -> bool:
    first = FIRST.fullmatch(without_manners(before)) or THIS.search(before)
    how = manners_of(after) and HOW.fullmatch(without_manners(after))
    return bool(first and (how or IS_ALL.match(after)))


def _in_brackets(text: str) -> Iterator[str]:
    """`(W4A16)`: it is said of the whole, wherever it stands."""
    for match in BRACKETS.finditer(text) if not ELSEWHERE.search(text) else ():
        if re.fullmatch(r"W\d{1,2}A\d{1,2}", match[1].strip(), re.IGNORECASE):
            yield from words_of(match[1])


def _clauses(text: str) -> Iterator[str]:
    """The parts that speak of one side each."""
    for clause in _joined(CLAUSE.split(text)):
        joined = BOTH.search(clause)
        pieces = [clause] if joined else AND.split(clause)
        sided = [SIDE.search(piece) for piece in pieces]
        both = len(list(filter(None, sided))) > 1
        yield from (p for p, side in zip(pieces, sided, strict=True) if side) if both else [clause]


def _joined(clauses: list[str]) -> Iterator[str]:
    """Clauses; what says how, and of nothing, is of the side before it: `dynamic, per token`."""
    last = ""
    for clause in clauses:
        rest = re.sub(r"\b(?:local|size)\b", " ", without_manners(clause))
        alone = manners_of(clause) and not re.search(r"[^\W\d]{3}", rest)
        if last and alone and SIDE.search(last):
            last = f"{last} {clause}"
            continue
        if last:
            yield last
        last = clause
    if last:
        yield last


def _sided(number: int, clause: str) -> Iterator[Precise]:
    kinds = {match.lastgroup for match in SIDE.finditer(clause)}
    side: Side | None = None
    if BOTH.search(clause):
        side = "both"
    elif kinds == {"weights"}:
        side = "weights"
    elif kinds == {"activations"}:
        side = "activations"
    if side is None or ELSEWHERE.search(EXCEPT.sub(" ", clause)) or SCALES.match(clause):
        return
    found = manners_of(clause) | words_of(clause)
    if side != "activations":
        found -= FLOATS
    if found:
        yield Precise(number, clause, (), found, side)
