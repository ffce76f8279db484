"""The index cannot be read, or names files that it must not name.

What it checks: the index is a JSON object whose weight_map maps every tensor to the plain name of a
    safetensors file in the same folder: no path, no drive, no `..`.
Why it matters: loaders open what the index names; a name that leads out of the folder reads other
    people's files. Without a readable index a sharded model does not load.
How to fix: write the index again from the shards; `save_pretrained` does.
Seen in: path traversal through weight_map, refused here before anything is opened.
"""

from release.checkpoint import Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report what keeps the index from being used."""
    for defect in checkpoint.faults(Fault.INDEX):
        yield Found(Where(file=defect.file, tensor=defect.tensor), defect.what, defect.hint)
