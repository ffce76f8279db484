"""A shard holds a tensor that the index does not name.

What it checks: every tensor of every shard that the index names is itself in the index.
Why it matters: transformers reads what the index names and drops the rest; vLLM reads whole
    shards. The same folder is two different models.
How to fix: write the index again from the shards, or remove the stale tensor.
Seen in: vllm #54230, where stale copies overwrote good tensors; vmlx-swift #388, an
    MTP head that was lost.
"""

from release.checkpoint import Checkpoint
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Compare the loaded tensors with the index."""
    if checkpoint.index is None:
        return
    named = checkpoint.index.weight_map
    for name, info in checkpoint.tensors.items():
        if name not in named:
            yield Found(
                where=Where(file=info.shard, tensor=name),
                message="is in a shard that the index names, but not in the index",
                fix="write the index again from the shards, or remove the tensor",
            )
