"""A weight file declares a header that it cannot have.

What it checks: the first 8 bytes of every safetensors file give a length of at least 2, of at most
    100,000,000 and within the file.
Why it matters: every reader refuses the file, and a careless one allocates what the number says
    before it notices.
How to fix: the file is damaged or no safetensors file at all: export or download it again.
Seen in: transformers #27923, where such a file made a reader ask for 2^60 bytes.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report headers whose length cannot be true."""
    for defect in checkpoint.faults(Fault.HEADER_LENGTH):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
