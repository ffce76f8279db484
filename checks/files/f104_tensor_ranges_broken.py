"""Tensors of a weight file overlap, or leave bytes that belong to none.

What it checks: sorted by offset, the first tensor starts at 0, each next one where the last
    ended. Tensors without elements may share a place.
Why it matters: the reference reader refuses the file; a lenient one lets two tensors share bytes,
    and bytes that belong to no tensor are a place to hide anything.
How to fix: export the file again with safetensors.
Seen in: the format's own specification, which forbids it for these reasons.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report holes and overlaps."""
    for defect in checkpoint.faults(Fault.TENSOR_RANGES):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
