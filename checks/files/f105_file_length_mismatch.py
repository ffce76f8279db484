"""A weight file is shorter or longer than its header says.

What it checks: the file ends where its last tensor ends.
Why it matters: a truncated file is an interrupted copy: readers refuse it, or map zeros for what is
    missing. Bytes after the end belong to nothing and are refused too.
How to fix: copy, download or export the file again, and compare sha256 with the source.
Seen in: llama.cpp #6733; every interrupted download.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report truncated files and trailing bytes."""
    for defect in checkpoint.faults(Fault.FILE_LENGTH):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
