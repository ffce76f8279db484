"""In transformers the tokenizer gives other ids than its file, or loses text.

What it checks: with --reference, every token of tokenizer.json has the same id in transformers;
    no token is added whose id has no row in the embedding; every special token within a text is
    encoded as itself; sample texts come back from encode and decode as they were. Texts in other
    scripts are only a note: a small vocabulary may lack them.
Why it matters: the model was trained on other ids than it is served, or never sees what was asked.
How to fix: copy tokenizer.json and tokenizer_config.json from the base model, both.
Seen in: tokenizer_config.json of one model beside tokenizer.json of another, which load together.
"""

from collections.abc import Iterator
from unicodedata import normalize

from release.architecture import ModelConfig
from release.facts.reference.speech import FOREIGN, PLAIN, TheirTokenizer, Trip
from release.facts.tokenizer import FAST_FILE, SETTINGS_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule

FIX = "copy the tokenizer's files from the base model, all of them"


@rule(since="0.1.0", severity="warning")
def check(config: ModelConfig, tokenizer: Tokenizer, their_tokenizer: TheirTokenizer) -> Findings:
    """Judge ids, then special tokens, then texts."""
    theirs = their_tokenizer
    # Added tokens that the library itself moves are C113's.
    moved = {token: n for token, n in theirs.moved.items() if token not in tokenizer.moved}
    if moved:
        token, number = next(iter(moved.items()))
        yield Found(
            where=Where(file=FAST_FILE),
            message=f"{theirs.source} gives {theirs.moved_count:,} tokens another id, "
            f"{token!r:.60} the id {number:,}",
            fix=FIX,
        )
    size = config.get("vocab_size")
    for token, number in theirs.added.items():
        if type(size) is int and number >= size:
            yield Found(
                where=Where(file=SETTINGS_FILE),
                message=f"{theirs.source} adds {token!r:.60} as id {number:,}, "
                f"beyond vocab_size {size:,}",
                fix="name a token that tokenizer.json has",
            )
    for token, special in theirs.special.items():
        if not special.kept:
            yield Found(
                where=Where(file=FAST_FILE),
                message=f"{theirs.source} does not encode {token!r:.60} as its id {special.id:,}",
                fix="add it to added_tokens of tokenizer.json, as the base model's has it",
            )
    yield from _texts(theirs)


def _texts(theirs: TheirTokenizer) -> Iterator[Found]:
    """One finding for texts in English, one for all others."""
    losses = {text: how for text, trip in theirs.trips.items() if (how := _loss(text, trip))}
    for texts, severity in ((PLAIN, None), (FOREIGN, "info")):
        lost = [text for text in texts if text in losses]
        if lost:
            yield Found(
                where=Where(file=FAST_FILE),
                message=f"{theirs.source} loses {len(lost)} of {len(texts)} sample texts: it "
                f"{losses[lost[0]]} {lost[0]!r:.60}",
                fix=FIX,
                severity=severity,
            )


def _loss(text: str, trip: Trip) -> str | None:
    """What happened to a text; case, blanks at its ends and forms of a letter are not judged."""
    if trip.error is not None:
        return f"fails ({trip.error:.80}) with"
    if trip.unknown:
        return "has no tokens for all of"
    plain, back = (normalize("NFKC", each).strip().casefold() for each in (text, trip.back))
    return None if plain == back else f"gives {trip.back!r:.60} for"
