"""The index says that a tensor is in a shard which does not hold it.

What it checks: for every entry of weight_map, the shard it names holds that tensor. Shards that are
    missing or unreadable are named by other rules.
Why it matters: transformers and every reader of byte ranges look where the index says and fail,
    or leave the tensor at random values.
How to fix: write the index again from the shards.
Seen in: folders where shards of two exports were mixed under one index.
"""

from release.checkpoint import Checkpoint
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Look each tensor up where the index says it is."""
    if checkpoint.index is None:
        return
    unread = any(name not in checkpoint.shards for name in checkpoint.loaded)
    holders = {name: shard for shard, head in checkpoint.shards.items() for name in head.tensors}
    for name, shard in checkpoint.index.weight_map.items():
        header = checkpoint.shards.get(shard)
        if header is None or name in header.tensors:
            continue
        found = holders.get(name)
        elsewhere = found or ("none that could be read" if unread else "none")
        yield Found(
            where=Where(file=shard, tensor=name),
            message=f"the index places it in {shard}, but the shard that holds it is {elsewhere}",
            fix="write the index again from the shards" if found else "export the tensor again",
        )
