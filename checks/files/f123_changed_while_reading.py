"""A file changed while it was verified.

What it checks: after every byte was read, each file is still the one that was opened, by inode and
    time of change.
Why it matters: a report about a folder that something still writes to is a report about bytes that
    nobody has.
    `release verify` ends with this line, and writes no report.
How to fix: wait until the export or copy has ended, then verify again.
Seen in: a check started while save_pretrained was still writing shards.
"""

from release.facts.changes import Change
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(changes: tuple[Change, ...]) -> Findings:
    """Report every file that is not the one that was opened."""
    for change in changes:
        fix = "verify again when nothing writes to the folder"
        yield Found(Where(file=change.file), change.what, fix)
