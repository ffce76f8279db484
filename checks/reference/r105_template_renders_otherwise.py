"""transformers renders the chat template otherwise than release, or fails where release does not.

What it checks: with --reference, transformers renders the conversations that C118 judges:
    a question, several turns, a system message, a tool call, a thinking turn.
Why it matters: what C118 found good is not what transformers and vLLM send to the model.
How to fix: use only what every renderer has: plain Jinja, `tojson`, `raise_exception`,
    `strftime_now`; name the special tokens in tokenizer_config.json.
Seen in: templates that call methods which only other engines' renderers have.
"""

from release.facts.reference.speech import TheirTurns
from release.facts.rendering import Renderings
from release.facts.tokenizer import SETTINGS_FILE
from release.rules import Findings, Found, Where, rule

# Where transformers' tokenizer takes its template from; a processor's is another.
PLACES = ("chat_template.jinja", SETTINGS_FILE)
SHOWN = 30


@rule(since="0.1.0", severity="warning")
def check(renderings: Renderings, their_turns: TheirTurns) -> Findings:
    """Compare conversation by conversation, where both render the same template."""
    place = next((place for place in PLACES if place in renderings), None)
    if place is None:
        return
    for name, theirs in their_turns.turns.items():
        ours = renderings[place].turns.get(name)
        if ours is None or (ours.text is None and theirs.text is None) or ours.text == theirs.text:
            continue
        why = ours.error or theirs.error
        how = _difference(their_turns.source, ours.text, theirs.text)
        yield Found(
            where=Where(file=place),
            message=f"conversation {name!r}: {how}{f': {why}' if why else ''}",
            fix="use only what every renderer of templates has",
        )


def _difference(source: str, ours: str | None, theirs: str | None) -> str:
    if theirs is None:
        return f"{source} fails where release renders"
    if ours is None:
        return f"{source} renders where release fails"
    pairs = zip(ours, theirs, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
    return (
        f"at character {at:,} {source} prints {theirs[at : at + SHOWN]!r}, "
        f"release {ours[at : at + SHOWN]!r}"
    )
