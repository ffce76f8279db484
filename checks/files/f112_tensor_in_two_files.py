"""Two shards of the model hold a tensor of the same name.

What it checks: no name is stored in two of the shards that the index names.
Why it matters: readers of whole shards load both, and the order of file names decides which one
    stays; readers of the index take the other.
How to fix: keep one copy: export again, or remove the stale shard and write the index again.
Seen in: vllm #54230.
"""

from release.checkpoint import Checkpoint
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report each repeated name with its places; without an index that is the fault to name."""
    if checkpoint.index is None:
        return
    for name, places in checkpoint.repeated.items():
        named = checkpoint.index.weight_map.get(name)
        says = f"; the index says {named}" if named else ""
        yield Found(
            where=Where(file=places[-1], tensor=name),
            message=f"is stored in {' and in '.join(places)}{says}",
            fix="keep one copy and write the index again",
        )
