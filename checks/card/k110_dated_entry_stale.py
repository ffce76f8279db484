"""An entry of release.toml was not looked at for long, or is about versions that are gone.

What it checks: every `as-of` of known-issues, engines and usage is at most 90 days ago and not in
    the future; every known issue still concerns a release that the checkpoint can be served with,
    by `affected`, `fixed` and the oldest release that reads the checkpoint.
Why it matters: the card prints the date, and readers judge an engine by it. A workaround for a
    release that nobody can use any more is harmful advice.
How to fix: look again and set `as-of`, or remove the entry.
Seen in: cards that still call a pull request open that was merged half a year before.
"""

from datetime import date, timedelta

from release.facts.dated import Dated, concerns
from release.facts.minimum import Minimum
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

FRESH = timedelta(days=90)


@rule(since="0.1.0", severity="warning")
def check(dated: tuple[Dated, ...], today: date, minimum_vllm: Minimum | Unknown) -> Findings:
    """Judge each entry by its date, then by its versions."""
    oldest = _oldest(minimum_vllm)
    for entry in dated:
        place = Where(file="release.toml", path=f"{entry.place}.as-of")
        if entry.as_of > today:
            yield Found(place, f"is {entry.as_of}, in the future", "correct the date")
        elif today - entry.as_of > FRESH:
            days = (today - entry.as_of).days
            yield Found(place, f"is {entry.as_of}, {days} days ago", "look again, or remove it")
        elif not concerns(entry.affected, entry.fixed, oldest.get(entry.engine)):
            what = f"concerns no {entry.engine} from {oldest.get(entry.engine)} on"
            yield Found(Where(file="release.toml", path=entry.place), what, "remove it")


def _oldest(minimum: Minimum | Unknown) -> dict[str, str | None]:
    """The oldest release of each engine that can read the checkpoint, None without a bound."""
    if isinstance(minimum, Unknown):
        return {}
    return {"vllm": minimum.version, "transformers": minimum.transformers}
