"""A command or a link on the card names another repository than the one that is meant.

What it checks: every repository that a command or snippet loads, against release.toml's, else
    against the one that most commands name; the base model of the header is never what is served;
    links whose text is another repository than they lead to; what the text says it was quantized
    from against base_model.
Why it matters: readers copy commands. They get another model, or an error, and blame this one.
How to fix: name the card's own repository.
Seen in: cards copied from a sister model, whose commands still serve the sister.
"""

from collections import Counter

from release.audit.mentions import Mentions
from release.audit.page import Page
from release.audit.published import Published
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0")
def check(page: Page, mentions: Mentions, published: Published | Unknown) -> Findings:
    """Compare each with what is expected."""
    stated = page.fields.get("base_model")
    bases = {
        name for name in (stated if isinstance(stated, list) else [stated]) if isinstance(name, str)
    }
    names = Counter(entry.name for entry in mentions.repositories)
    others = [name for name, _ in names.most_common() if name not in bases]
    own = others[0] if others else None
    if not isinstance(published, Unknown):
        own, bases = published.repo, bases | {published.base}
    for entry in mentions.repositories:
        if entry.name == own or (own is None and entry.name not in bases):
            continue
        if entry.name in bases and not entry.served:
            continue  # scripts that quantize load the base
        kind = "the base model" if entry.name in bases else entry.name
        what = f"loads {kind}, the card is for {own}" if own else f"loads {kind}"
        yield Found(Where(file=page.name, line=entry.line), what, "name the card's repository")
    yield from _linked(page, mentions, bases)


def _linked(page: Page, mentions: Mentions, bases: set[str]) -> Findings:
    """Report links that lead elsewhere, and another source than the header's."""
    for link in mentions.links:
        if link.text.lower() != link.repo.lower():
            what = f"shows {link.text} and leads to {link.repo}"
            yield Found(Where(file=page.name, line=link.line), what, "correct the link", "warning")
    sources = {link.repo.lower() for link in mentions.sources}
    if bases and sources and not sources & {base.lower() for base in bases}:
        first = mentions.sources[0]
        what = f"is quantized from {first.repo}, base_model is {', '.join(sorted(bases))}"
        yield Found(Where(file=page.name, line=first.line), what, "correct either", "warning")
