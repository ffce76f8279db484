"""Tensors do not start at a multiple of their element's size.

What it checks: in the file, each tensor starts at a multiple of the bytes of one of its elements.
    The format allows it otherwise; its own writer never does it.
Why it matters: readers that map the file must copy such tensors, and some direct GPU loaders refuse
    them.
How to fix: write the file again with safetensors, which sorts and pads.
Seen in: headers that were edited in place, which moves all data by a few bytes.
"""

from release.checkpoint import Checkpoint
from release.checkpoint.header import DTYPE_BITS
from release.rules import Findings, Found, Where, rule

BYTE = 8


@rule(since="0.1.0", severity="info")
def check(checkpoint: Checkpoint) -> Findings:
    """Name the first such tensor of each shard, and how many there are."""
    for shard in checkpoint.loaded:
        header = checkpoint.shards.get(shard)
        if header is None:
            continue
        odd = [
            name
            for name, info in header.tensors.items()
            if info.start % max(DTYPE_BITS[info.dtype] // BYTE, 1)
        ]
        if odd:
            yield Found(
                where=Where(file=shard, tensor=odd[0]),
                message=f"{len(odd):,} of {len(header.tensors):,} tensors are not aligned",
                fix="write the file again with safetensors",
            )
