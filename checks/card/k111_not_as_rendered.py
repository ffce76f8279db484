"""A card that `release` wrote is not what it wrote, or not what it would write now.

What it checks: the seal in the card's last line; and where release.toml and the last report are at
    hand, every line against a fresh rendering.
Why it matters: each figure on such a card was computed; a reader trusts the line that says so. Push
    refuses it.
How to fix: put the change into release.toml, then `release card`.
Seen in: figures "corrected" by hand after the files had changed.
"""

import difflib

from release.audit.page import Page
from release.audit.published import Rendered
from release.rules import Findings, Found, Where, rule

SHOWN = 120


@rule(since="0.1.0")
def check(page: Page, rendered: Rendered) -> Findings:
    """Name each line that differs; without a rendering, only that the seal is broken."""
    fix = "put the change into release.toml, then release card"
    if rendered.text is None:
        if not rendered.sealed:
            what = "was edited since it was rendered: its seal does not hold"
            yield Found(Where(file=page.name), what, fix)
        return
    old, new = page.text.split("\n"), rendered.text.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            continue
        right = " / ".join(new[first:last])[:SHOWN] or "nothing"
        for number in range(start, max(end, start + 1)):
            said = old[number][:SHOWN] if number < end else "nothing"
            what = f"says {said!r}, rendered now it is {right!r}"
            yield Found(Where(file=page.name, line=number + 1), what, fix)
