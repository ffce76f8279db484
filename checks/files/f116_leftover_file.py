"""A file was left behind by training, conversion or a person.

What it checks: no optimizer or scheduler state, no checkpoint-N folder, no log, archive, executable
    or copy of the model in another format. A folder is named once, not file by file.
Why it matters: nobody can serve them, everybody downloads them, and training state and logs tell
    more about data and machines than was meant.
How to fix: delete them, or keep them outside the folder that is released.
Seen in: repositories that were pushed from a trainer's output folder.
"""

from release.facts.leftovers import Leftovers
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(leftovers: Leftovers) -> Findings:
    """Name each place once, with the number of files in it."""
    places: dict[str, list[str]] = {}
    for file, leftover in leftovers.items():
        places.setdefault(leftover.place, []).append(file)
    for place, files in places.items():
        what = leftovers[files[0]].what
        count = f" of {len(files):,} files" if place.endswith("/") else ""
        yield Found(
            where=Where(file=place),
            message=f"looks like a left-over {what}{count}",
            fix="delete it, or keep it outside the checkpoint",
        )
