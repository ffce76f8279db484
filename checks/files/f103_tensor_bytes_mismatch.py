"""A tensor's bytes do not fit its dtype and shape.

What it checks: shape times bits of the dtype is exactly the number of bytes between the offsets.
Why it matters: the reference reader refuses the whole file (TensorInvalidInfo); one that trusts the
    offsets serves values of other tensors.
How to fix: export the file again; a header was edited without its data.
Seen in: checkpoints whose dtype was changed by editing the header.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report tensors that claim more or fewer bytes than they need."""
    for defect in checkpoint.faults(Fault.TENSOR_BYTES):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
