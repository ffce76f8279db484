"""How many layers a card says there are: in all, and of each kind."""

import re
from collections.abc import Iterator

from release.audit.labels import pair
from release.audit.page import Line
from release.audit.quantities import Figure, whole

ALL, CACHED, VISION, MTP = "in all", "with a cache", "vision", "mtp"
KINDS = {
    "linear_attention": r"(?:gated )?(?:delta ?net|linear|gdn|mamba(?:-?2)?|recurrent|ssm)"
    r"(?:[ _-]attention)?",
    "full_attention": r"(?:softmax|full|global|normal|regular|standard|ordinary"
    r"|vanilla)(?:[ _-]attention)?|attention",
    "sliding_attention": r"(?:sliding(?:[ -]window)?|swa|local)(?:[ _-]attention)?",
    "chunked_attention": r"chunked(?:[ -]local)?(?:[ _-]attention)?",
    VISION: r"(?:vision|visual|vit)(?: (?:encoder|tower|transformer))?",
    MTP: r"mtp|nextn|multi-token prediction",
}
PLAIN = {"", "transformer", "hidden", "decoder", "total"}
NUMBER = r"(?<![\w.,/-])(?P<number>\d{1,6})"
LAYERS = re.compile(
    rf"{NUMBER}\s+(?P<kind>(?!of\b)[A-Za-z][\w -]{{0,30}}?\s+)?(?P<noun>layers?|blocks?)\b"
)
NAMED = "|".join(f"(?:{form})" for form in KINDS.values())
# `64 layers (48 linear, 16 full)`, `of 64 layers 48 are Mamba`
SHARES = re.compile(
    rf"{NUMBER}\s+(?:(?:is|are|use|uses)\s+)?(?P<kind>{NAMED})(?=\s*(?:[,;)+/.]|and\b|$))",
    re.IGNORECASE,
)
LABEL = re.compile(
    rf"(?:number of |num )?(?P<kind>{NAMED})[ -](?:attention )?(?:layers|blocks)"
    rf"|layers: (?P<other>{NAMED})",
    re.IGNORECASE,
)
HOLDING = re.compile(
    rf"{NUMBER} of (?:the |its |all )?\d{{1,4}} (?:\w+ )?(?:layers|blocks) "
    r"(?:have|hold|keep|need|use|store|require|own|carry)s? (?:an? |any )?kv\b",
    re.IGNORECASE,
)
HELD = re.compile(
    r"layers with (?:an? )?kv cache\W+(?P<with>\d{1,4})"
    r"|layers? \((?P<number>\d{1,4}) of \d{1,4}\)(?=[^.;]*\bkv\b)",
    re.IGNORECASE,
)
OF_MODEL = re.compile(r"\b(?:it|model|network|checkpoint) has (?:a total of )?$", re.IGNORECASE)
# Layers as Qwen draws them: `16 × (3 × (DeltaNet → FFN) → 1 × (Attention → FFN))`.
DRAWN = re.compile(
    r"(?P<all>\d{1,3})\s*[×x*]\s*\(\s*(?P<one>\d{1,3})\s*[×x*]\s*\([^()]*\)\s*(?:→|->|⇒|,|\+)\s*"
    r"(?P<other>\d{1,3})\s*[×x*]\s*\([^()]*\)\s*\)"
)
PART = re.compile(r"[\w)][ ]?[×x*-]\s*$|first |last |each |every |of ", re.IGNORECASE)
REPEATED = re.compile(r"\b(?:each|every|first|last)\b", re.IGNORECASE)


def read_layers(line: Line) -> Iterator[Figure]:
    """Collect them, from sentences, brackets and labels."""
    for match in DRAWN.finditer(line.text):
        count = int(match["all"]) * (int(match["one"]) + int(match["other"]))
        yield Figure("layers", ALL, whole(str(count)), line.number)
    yield from _counted(line)
    if re.search(r"\b(?:layers|blocks)\b", line.text, re.IGNORECASE) and not REPEATED.search(
        line.text
    ):
        for match in SHARES.finditer(line.text):
            yield Figure("layers", _kind(match["kind"]) or "", whole(match["number"]), line.number)
    for form in (HOLDING, HELD):
        for match in form.finditer(line.text):
            held = match["number"] or match["with"]
            yield Figure("layers", CACHED, whole(held), line.number)
    labelled = pair(line)
    label = LABEL.fullmatch(labelled[0].strip()) if labelled else None
    said = re.match(r"(\d{1,4})(?![\w,%]|\.\d)", labelled[1]) if labelled and label else None
    if label and said:
        yield Figure(
            "layers", _kind(label["kind"] or label["other"]) or "", whole(said[1]), line.number
        )


def _counted(line: Line) -> Iterator[Figure]:
    for match in LAYERS.finditer(line.text):
        said = (match["kind"] or "").strip().lower()
        found = _kind(said)
        many = match["noun"].endswith("s")
        if found is None and (said not in PLAIN or not many):
            continue
        before = line.text[: match.start()][-8:]
        whole_model = re.search(r"\bof (?:(?:the|its|all) )?$", before) and len(match["number"]) > 1
        if whole_model or not PART.search(before):
            of_all = ALL if OF_MODEL.search(line.text[: match.start()]) else ""
            yield Figure("layers", found or of_all, whole(match["number"]), line.number)


def _kind(said: str) -> str | None:
    return next(
        (name for name, form in KINDS.items() if re.fullmatch(form, said, re.IGNORECASE)), None
    )
