"""A weight file's header is not what the format allows.

What it checks: the header is one JSON object in UTF-8 that starts with `{`, names no tensor twice,
    and gives each tensor a known dtype, a shape and two offsets; metadata maps strings to strings.
Why it matters: the reference reader refuses all of it but a name that is there twice: of that it
    takes the last one, other readers the first.
How to fix: export the file again with safetensors.
Seen in: files written by scripts that assemble the header by hand; safetensors 0.8.0 accepts a
    duplicate name without a word (tried).
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report headers that are not well formed."""
    for defect in checkpoint.faults(Fault.HEADER_JSON):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
