"""A word or a figure on the card holds a character that nobody sees.

What it checks: characters of no width between two letters or digits, and those that turn the order
    of what follows them around, in text and in code. Joiners of emoji and of scripts that need
    them are left alone.
Why it matters: 2<U+200B>5 GB is read as 25 GB and found by no search; a command with one in it
    fails when it is pasted; behind U+202E the page shows 52 where the file says 25.
How to fix: type the word again.
Seen in: cards that were copied from chats and web pages.
"""

from release.audit.page import Page
from release.audit.unseen import hidden
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(page: Page) -> Findings:
    """Name the first of each line."""
    for number, line in enumerate(page.text.split("\n"), 1):
        if found := hidden(line):
            what = f"holds {found}, which the page does not show"
            yield Found(Where(file=page.name, line=number), what, "type the word again")
