"""A licence text of the base is not here, or says something else.

What it checks: the files LICENSE, NOTICE, USE_POLICY and COPYING of the base, with any ending.
Why it matters: most licences ask that their text goes with every copy, and a quantized model is
    one.
How to fix: copy the file from the base.
Seen in: pollard #66, cards and repositories with another licence than their base's.
"""

from release.facts.comparison import Comparison
from release.facts.side_changes import SideChange
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(legal_changes: tuple[SideChange, ...], comparison: Comparison) -> Findings:
    """Report each of the files."""
    for change in () if comparison.foreign else legal_changes:
        yield Found(
            where=Where(file=change.file),
            message=change.what,
            fix="copy it from the base",
        )
