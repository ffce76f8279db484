"""A file or folder is more than the Hub takes.

What it checks: no file of 500 GB or more; a warning from 50 GB on, and for a folder of more than
    10,000 entries. These are limits of the Hub, not of the format.
Why it matters: the push fails after hours, or works and then plain HTTP downloads refuse it.
How to fix: save again with a smaller `max_shard_size`.
Seen in: the Hub's page on repository limits; single-file exports of models above 50 GB.
"""

from collections import Counter

from release.checkpoint import Checkpoint
from release.rules import Findings, Found, Where, rule
from release.units import GB, decimal_bytes

REFUSED, UNWIELDY = 500 * GB, 50 * GB
ENTRIES = 10_000


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Judge sizes, then counts of files by folder."""
    for name, info in checkpoint.files.items():
        if info.size > UNWIELDY:
            refused = info.size > REFUSED
            limit = REFUSED if refused else UNWIELDY
            who = "the Hub refuses files" if refused else "plain downloads refuse files"
            yield Found(
                where=Where(file=name),
                message=f"has {decimal_bytes(info.size)}; {who} over {decimal_bytes(limit)}",
                fix="save again with a smaller max_shard_size",
                severity=None if refused else "warning",
            )
    folders = Counter(name.rpartition("/")[0] for name in checkpoint.files)
    for folder, count in folders.items():
        if count > ENTRIES:
            yield Found(
                where=Where(file=f"{folder}/" if folder else None),
                message=f"holds {count:,} files; the Hub advises at most {ENTRIES:,} in a folder",
                fix="remove what does not belong, or spread it over folders",
                severity="warning",
            )
