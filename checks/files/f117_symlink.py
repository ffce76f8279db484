"""A file of the checkpoint is a symbolic link.

What it checks: no link leads out of the folder, to nothing, in a circle or to a folder; a link to a
    file inside is a warning. A snapshot in the Hub's cache is made of links and is fine.
Why it matters: an upload sends the link's target or nothing, depending on the client, and what was
    verified is not what is published.
How to fix: put a copy of the file in the link's place.
Seen in: folders with shards linked from another disk, uploaded without them.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report the links that were not followed, then those that were."""
    for defect in checkpoint.faults(Fault.SYMLINK):
        yield Found(Where(file=defect.file), defect.what, defect.hint)
    for name, info in checkpoint.files.items():
        if info.link:
            shown = "another file" if info.link.startswith("/") else repr(info.link)
            yield Found(
                where=Where(file=name),
                message=f"is a link to {shown} inside the checkpoint",
                fix="put a copy of the file in its place",
                severity="warning",
            )
