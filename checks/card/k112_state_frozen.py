"""The card tells the state of a pull request, without a day.

What it checks: lines that name a pull request or issue and call it open, pending, merged or
    upcoming, and have no date.
Why it matters: it was true when it was typed. Readers patch and pin for bugs that are long fixed.
How to fix: say which release has the fix, or add the day (`as of 2026-11-25`); known issues in
    release.toml are dated, and go away when they concern no release.
Seen in: a card that lists two pull requests as open, half a year after both were closed.
"""

from release.audit.mentions import Mentions
from release.audit.page import Page
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(page: Page, mentions: Mentions) -> Findings:
    """Report each line once."""
    for request in mentions.requests:
        if not request.dated:
            what = f"calls {request.text} {request.state.lower()}, and not since when"
            yield Found(
                Where(file=page.name, line=request.line), what, "add the day, or the release"
            )
