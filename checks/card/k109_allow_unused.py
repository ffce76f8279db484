"""An `[[allow]]` of the manifest that nothing needs.

What it checks: every `[[allow]]` entry takes out at least one finding of this run, or one rule that
    could not be checked. Entries for rules that were not run are left alone.
Why it matters: an entry that outlived its finding will hide the next one, with a reason that was
    written for another.
How to fix: remove the entry from release.toml, or correct its rule or place.
Seen in: the habit of linters (ruff's unused noqa), which this follows.
"""

from release.manifest import Allow
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(unused_allows: tuple[Allow, ...]) -> Findings:
    """Name each entry."""
    for allow in unused_allows:
        yield Found(
            where=Where(file="release.toml", path=f"allow {allow.rule}"),
            message=f"allows {allow.rule} at {allow.where!r}, where nothing needs it",
            fix="remove the entry, or correct its rule or place",
        )
