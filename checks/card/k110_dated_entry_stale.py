"""An entry of release.toml was not looked at for long, or is about versions that are gone.

What it checks: every `as-of` of known-issues, engines and usage is at most 90 days ago and not in
    the future; every known issue and engine still concerns a release that the checkpoint can be
    served with, by `affected`, `fixed`, `versions` and the releases that read the checkpoint.
Why it matters: the card prints the date, and readers judge an engine by it. A workaround for a
    release that nobody can use any more is harmful advice.
How to fix: look again and set `as-of`, or remove the entry.
Seen in: cards that still call a pull request open that was merged half a year before.
"""

from datetime import date, timedelta

from release.facts.dated import Dated, concerns, served_by
from release.facts.minimum import Minimum
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

FRESH = timedelta(days=90)


@rule(since="0.1.0", severity="warning")
def check(dated: tuple[Dated, ...], today: date, minimum_vllm: Minimum | Unknown) -> Findings:
    """Judge each entry by its date, then by its versions."""
    minimum = None if isinstance(minimum_vllm, Unknown) else minimum_vllm
    for entry in dated:
        place = Where(file="release.toml", path=f"{entry.place}.as-of")
        if entry.as_of > today:
            yield Found(place, f"is {entry.as_of}, in the future", "correct the date")
            continue
        if today - entry.as_of > FRESH:
            days = (today - entry.as_of).days
            yield Found(place, f"is {entry.as_of}, {days} days ago", "look again, or remove it")
            continue
        served = served_by(minimum, entry.engine)
        if not concerns(entry.affected, entry.fixed, served):
            what = f"concerns no {entry.engine} {served}".rstrip()
            yield Found(Where(file="release.toml", path=entry.place), what, "remove it")
