"""What a clause says of the parts that it names: one run of them, a verb, one run of precisions.

No list of phrases: between both stand words that link, at most one that is not known, and none by
which something else is meant. `It` and `they` are the parts that the line named last.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import msgspec

from release.audit.page import Line
from release.audit.parts import BRACES, DOTTED, MODULE, names_of, spread
from release.audit.precise import Precise
from release.audit.schemes import FLOATS, PLAIN, QUANTIZED, WORD, words_of
from release.audit.subjects import LINEARS, REST
from release.audit.words import elsewhere, words

# Components whose names are not everyday words.
NAMED = (
    *("lm_head", "Embeddings", "MTP head", "Vision tower", "Audio tower", "Multimodal projector"),
    *("Norms", "MoE experts", "MoE router", "MLP", "Linear attention", "Softmax attention"),
)
TOWERS = {"Vision tower", "Audio tower", "MTP head"}
END = (
    r"(?<![\s.])[.;!?](?=\s|$)|;|\s[-\u2013\u2014]\s|,\s*but\b|\b(?:while|whereas"
    r"|although)\b"
)
OTHERS = (
    r"everything else|\bthe rest\b(?! of)"
    r"|\b(?:the |all )+(?:other|remaining) (?:linear )?(?:layers|weights|modules|tensors|linears)\b"
)
EVERY = (
    r"\ball (?:of )?(?:the )?linear (?:layers|modules|operators|projections)\b"
    r"(?: (?:of|in|within) (?:the )?(?:transformer |decoder )?(?:blocks?|layers?|model)\b)?"
)
AGAIN = (
    r"\b(?:it|they|both(?= (?:are|stay|remain|were|use))|these|those)\b(?! (?:model"
    r"|checkpoint|files|weights|quant))"
)
SAID = (
    r"(?P<not>(?:(?:is|are|was|were|been)(?: \w+)? )?(?:not|n't|never) (?:been )?quanti[sz]ed"
    r"|untouched|left alone"
    r"|未(?:被)?量化|不量化|没有量化|量子化されて(?:いません|いない)|nicht quantisiert|양자화되지)"
    r"|(?P<yes>已(?:被)?量化"
    r"|\b(?:is|are|was|were|been)(?: (?:also|all|both|too|then|fully))? quanti[sz]ed\b"
    r"(?! (?:to|in|into|as|with|using|by|from|on|via|down|at)\b))"
)
_WORDS = words("clauses")
GLUE = re.compile(
    rf"(?:[\s,*`\"']|\b{_WORDS['glue']}\b|[&+/()]|{_WORDS['glue_signs']})*", re.IGNORECASE
)
LINK = re.compile(rf"\b{_WORDS['link']}\b|[:=→(]|->|{_WORDS['link_signs']}", re.IGNORECASE)
KNOWN = re.compile(rf"\b(?:{_WORDS['known']}|{_WORDS['link']})\b", re.IGNORECASE)
ASIDE = re.compile(rf",|\b{_WORDS['aside']}|\w+n't", re.IGNORECASE)
BEHIND = re.compile(rf"\s*(?:\([^()]*\)\s*)?{_WORDS['behind']}", re.IGNORECASE)
# `All linear layers except lm_head`, `everything but the head`
ALL = r"\b(?:all|every\w*|each|alle[rs]?)\b[^,;:.]{0,80}?\s"
BUT = _WORDS["but"]
LEFT_OUT = re.compile(
    rf"(?P<all>{ALL})?\b{BUT}(?: (?:not|for|in|of|from))*(?: (?:the|its|in))*\W*$", re.IGNORECASE
)
NEITHER = re.compile(r"\bneither (?:of )?(?:the |its )?$", re.IGNORECASE)
# Of a part only some: `the first two MLP projections`.
SOME = re.compile(
    r"\b(?:first|last|some|most|few|half|two|three|certain|sensitive|small)\s(?:\w+\s)?$",
    re.IGNORECASE,
)
ONLY = re.compile(r"\bonly (?:the |its |those of the )?$", re.IGNORECASE)
OTHER = elsewhere(
    "original",
    more=r"if|when|would|unlike|vs|versus|instead|than|could|draft|earlier|previous|tried|gguf|variants?",
)
AND = re.compile(r"\s*,?\s*and\b")  # `is not quantized and stays in BF16`
MLP = re.compile(r"\s*\((?:(?:gate|up|down)(?:_proj)?(?:[\s,/&]|and)*){3}\)")  # all of one
MOST = 64  # characters between a part and what is said of it


class Token(msgspec.Struct, frozen=True):
    """Parts, precisions, a pronoun or the end of a clause, and where it stands in the text."""

    kind: str
    start: int
    end: int
    parts: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()


def read_clauses(line: Line) -> Iterator[Precise]:
    """Collect them, sentence by sentence of a line of text."""
    text = MLP.sub("", BRACES.sub(spread, line.text))
    last: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    tokens = list(runs(text, list(tokens_of(text))))
    for token, following in pairwise([*tokens, Token("end", len(text), len(text))]):
        if token.kind == "again":
            parts = last
        elif token.kind == "part":
            parts = last = token.parts
        elif token.kind != "word" or not AND.match(text, token.end):
            parts = ()
        said = following.words if following.kind == "word" else frozenset()
        if token.kind == "end" or not said or not parts:
            continue
        begun = max((t.end for t in tokens if t.kind == "end" and t.end <= token.start), default=0)
        claim = Precise(line.number, text[token.start : following.end], parts, said)
        if (
            _links(text[token.end : following.start], said)
            and not OTHER.search(text[begun : following.end])
            and not BEHIND.match(text, following.end)
        ):
            yield from _meant(claim, text[begun : token.start])


def _meant(claim: Precise, before: str) -> Iterator[Precise]:
    """What is said of the parts themselves, by the words that stand before them."""
    of_rest = LEFT_OUT.search(before)
    if SOME.search(before):
        return
    if of_rest:
        quantized = claim.words - FLOATS
        if of_rest["all"] and quantized:
            yield msgspec.structs.replace(claim, words=frozenset({PLAIN}), side="ignored")
            if formats := quantized - {QUANTIZED}:
                yield msgspec.structs.replace(claim, parts=(), words=formats, side="both")
    elif NEITHER.search(before):
        if claim.words == {QUANTIZED}:
            yield msgspec.structs.replace(claim, words=frozenset({PLAIN}))
    elif ONLY.search(before) and claim.words == {QUANTIZED}:
        yield msgspec.structs.replace(claim, side="only")
    else:
        yield claim


def _links(gap: str, said: frozenset[str]) -> bool:
    """Whether what stands between a part and a precision links them."""
    gap = re.sub(r"\([^()]*\)", " ", gap).lstrip("`*\"') ")
    if len(gap) > MOST or ASIDE.search(gap):
        return False
    rest = re.findall(r"[^\W\d_]{3,}", KNOWN.sub(" ", gap), re.ASCII)
    linked = bool(LINK.search(gap)) or bool(said & {PLAIN, QUANTIZED})
    return linked and len(rest) <= 1 and gap.count("(") >= gap.count(")")


def tokens_of(text: str) -> Iterator[Token]:
    """Find them, in their order."""
    for match in _scanner().finditer(text):
        start, end, kind = match.start(), match.end(), match.lastgroup or ""
        said = match[0]
        if match["module"]:
            found = MODULE.match(text, start)
            yield Token("part", start, end, tuple(names_of(found)) if found else (said,))
        elif match["word"]:
            yield Token("word", start, end, words=words_of(said))
        elif match["not"] or match["yes"]:
            yield Token("word", start, end, words=frozenset({PLAIN if match["not"] else QUANTIZED}))
        elif match["rest"] or match["dotted"]:
            yield Token("part", start, end, (REST if match["rest"] else said,))
        elif match["every"]:
            yield Token("part", start, end, (LINEARS,))
        elif match["again"] or match["end"]:
            yield Token("again" if match["again"] else "end", start, end)
        else:
            yield Token("part", start, end, (NAMED[int(kind[1:])],))


def runs(text: str, tokens: list[Token]) -> Iterator[Token]:
    """Parts that stand side by side are one, and so are precisions."""
    joined: Token | None = None
    for token in tokens:
        between = text[joined.end : token.start] if joined else ""
        if joined and token.kind == joined.kind and token.kind in {"part", "word"}:
            # `the attention's q_proj`, `self_attn.q_proj` is the second alone.
            narrower = re.fullmatch(r"(?:'s)?[\s._-]*", between) and token.kind == "part"
            if narrower:
                towers = TOWERS & set(joined.parts)
                joined = msgspec.structs.replace(token, kind="end" if towers else "part")
                continue
            if GLUE.fullmatch(between):
                joined = Token(
                    joined.kind,
                    joined.start,
                    token.end,
                    (*joined.parts, *token.parts),
                    joined.words | token.words,
                )
                continue
        if joined:
            yield joined
        joined = token
    if joined:
        yield joined


@cache
def _scanner() -> re.Pattern[str]:
    names = words("components")
    parts = [
        rf"(?P<c{index}>(?<![\w-])(?:{names[name]})(?![\w-]))" for index, name in enumerate(NAMED)
    ]
    module = re.sub(r"\?P<\w+>", "?:", MODULE.pattern)
    word = re.sub(r"\?P<\w+>", "?:", WORD.pattern)
    forms = [
        f"(?P<word>{word})",
        SAID,
        f"(?P<module>{module})",
        rf"(?P<dotted>(?<![\w.]){DOTTED.pattern})",
        f"(?P<every>{EVERY})",
        f"(?P<rest>{OTHERS})",
        *parts,
        f"(?P<again>{AGAIN})",
        f"(?P<end>{END})",
    ]
    return re.compile("|".join(forms), re.IGNORECASE | re.ASCII)
