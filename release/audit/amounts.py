"""Sizes and shares in clauses: of the parts that stand beside them, and of the whole."""

import re
from collections.abc import Iterator

from release.audit.clauses import NAMED, Token, runs, tokens_of
from release.audit.page import Line, sentences
from release.audit.places import machines
from release.audit.quantities import NUMBER, SIZE, UNITS, Figure, percent, quantity
from release.audit.schemes import WORD
from release.audit.sizes import BEFORE, ORIGINALS, ROOM
from release.audit.subjects import WHOLE
from release.audit.words import elsewhere, words

JOIN = " + "  # between parts whose sum is told
ELSEWHERE = elsewhere(
    "original",
    "others",
    "models",
    "unreal",
    "cache",
    more=r"(?:per|each|every) (?:token|layer|expert|gpu)|saves?|saving|instead|without|reduc\w*",
)
# Between a part and its size: what has it, or how much.
HAS = re.compile(rf"(?:\s|[(:=~≈`*'\"]|\b{words('amounts')['has']}\b)*", re.IGNORECASE)
# Between a size and its part.
OF = re.compile(
    r"\s*(?:(?:is|are|for|go(?:es)? to|in|of|belongs? to)\s+)(?:the\s+|its\s+)?", re.IGNORECASE
)
PERCENT = re.compile(NUMBER + r"\s*(?:%|percent)", re.IGNORECASE)
OF_ALL = re.compile(
    r"\s*of (?:all |the )?(?:the )?(?:total |whole |model |checkpoint )?"
    r"(?:weights|bytes|checkpoint|size|file size|disk|total|model|parameters)\b",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"(?:^|[,:;]\s|\b(?:and|so)\s)\W{0,8}(?:it|this|(?:(?:the|this|our|my|its)\s)?(?:quantized "
    r"|compressed |final |resulting )?"
    r"(?:upload|model|quants?|quantization|checkpoint|weights?|files?|download|footprint|repo(?:sitory)?"
    r"|result|build|size|weights only)(?: itself| alone)?)\b(?P<verb>[^.;\d]{0,48}?)$",
    re.IGNORECASE,
)
VERBS = re.compile(rf"(?:\s|[:=~≈(]|\b{words('amounts')['is']}\b)*", re.IGNORECASE)
SHRUNK = re.compile(r"\s*(?:->|→|to\b|vs\b|versus\b|down\b)")
BARE = re.compile(
    rf"[~≈]?\s*(?:just|only|about)?\s*{SIZE.pattern}(?:\s+(?:in total|total|all in all|together"
    rf"|on disk|of safetensors"
    r"|of weights|in (?:one|a single|\d+) (?:safetensors )?(?:files?|shards?)))*",
    re.IGNORECASE | re.ASCII,
)
SEGMENT = re.compile(r"\.\s|[,;·|]\s|\s[-\u2013\u2014]\s")
SAYS = re.compile(
    rf"{re.sub(r'[?]P<[a-z]+>', '?:', WORD.pattern)}"
    r"|\b(?:layers|params|parameters|shards|safetensors|files?|total)\b",
    re.IGNORECASE | re.ASCII,
)


def read_amounts(line: Line) -> Iterator[Figure]:
    """Collect them; a sentence about GPUs, caches or other models is left alone."""
    if line.cells:
        return
    for text in sentences(line.text):
        if ELSEWHERE.search(text) or machines(text):
            continue
        found = list(_of_parts(line.number, text))
        yield from found
        if not found and not ROOM.search(text):
            yield from _of_whole(line.number, text)
    yield from _bare(line)


def _of_parts(number: int, text: str) -> Iterator[Figure]:
    """`lm_head + embeddings = 5.1 GB`, `31 kB is the vision encoder`."""
    parts = [t for t in runs(text, list(tokens_of(text))) if t.kind == "part"]
    known = [token for token in parts if all(part in NAMED for part in token.parts)]
    for form in (SIZE, PERCENT):
        for match in form.finditer(text):
            share = form is PERCENT
            token = _beside(text, match, known, share=share)
            if token is None or (not share and match["rate"]):
                continue
            subject = JOIN.join(dict.fromkeys(token.parts))
            if share and OF_ALL.match(text, match.end()):
                yield Figure("share", subject, percent(match), number)
            elif not share:
                found = quantity(match, UNITS[match["unit"]])
                yield Figure("component", subject, found, number, match["unit"])


def _beside(text: str, match: re.Match[str], known: list[Token], *, share: bool) -> Token | None:
    """The parts that a size is said of, before it or behind it."""
    for token in reversed(known):
        if token.end <= match.start():
            between = text[token.end : match.start()]
            # `The ViT takes 252 kB, which is 41% of all weights.`
            between = re.sub(rf"{SIZE.pattern},?", " ", between) if share else between
            return token if HAS.fullmatch(between) else None
    for token in known:
        between = text[match.end() : token.start] if token.start >= match.end() else ""
        if OF.fullmatch(OF_ALL.sub(" ", between, count=1) if share else between):
            return token
    return None


def _of_whole(number: int, text: str) -> Iterator[Figure]:
    """`The upload is 25.2 GB`, `It came out at 25 GB`."""
    for match in SIZE.finditer(text):
        subject = SUBJECT.search(text[: match.start()])
        if not subject or not VERBS.fullmatch(subject["verb"]) or match["rate"]:
            continue
        before, after = text[: match.start()], text[match.end() :]
        if not BEFORE.search(before) and not ORIGINALS.match(after) and not SHRUNK.match(after):
            yield _whole(match, number)


def _bare(line: Line) -> Iterator[Figure]:
    """`4 shards, 780 kB`: the only size of a line, in a part of a list that is nothing else."""
    text = line.source or line.text
    if (
        len(SIZE.findall(text)) != 1
        or ROOM.search(text)
        or machines(text)
        or ELSEWHERE.search(text)
    ):
        return
    for segment in SEGMENT.split(line.text.rstrip(". ")):
        match = BARE.fullmatch(segment.strip(" *-•"))
        if match and not match["rate"] and SAYS.search(text):
            yield _whole(match, line.number)


def _whole(match: re.Match[str], number: int) -> Figure:
    size = next(SIZE.finditer(match[0]))
    return Figure("weights", WHOLE, quantity(size, UNITS[size["unit"]]), number, size["unit"])
