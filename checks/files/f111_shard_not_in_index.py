"""A weight file lies beside the model and is not part of it.

What it checks: every safetensors file of the top folder is in the index. A warning where it shares
    no tensor with the model (an adapter, an importance matrix) or is Mistral's consolidated copy.
    Without an index, only a file that is named as such a thing is none of the model's.
Why it matters: readers that take every safetensors file load it over the good tensors; for all
    others it doubles the download.
How to fix: delete it; if its tensors belong to the model, write the index again.
Seen in: mlx-vlm #1464; folders that were exported to twice with different shard counts.
"""

from release.checkpoint import Checkpoint
from release.rules import Findings, Found, Where, rule

SECOND_COPY = "consolidated"


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report weight files that are on disk and not loaded."""
    loaded = set(checkpoint.loaded)
    for name in checkpoint.files:
        is_weights = name.endswith(".safetensors") and not name.startswith(".") and "/" not in name
        if not is_weights or name in loaded:
            continue
        header = checkpoint.shards.get(name)
        tensors = header.tensors if header else {}
        shared = sum(tensor in checkpoint.tensors for tensor in tensors)
        read = checkpoint.index is None and not name.startswith(SECOND_COPY)
        harmless = not shared or name.startswith(SECOND_COPY)
        what = f"{shared:,} of its {len(tensors):,} tensors are in the model too"
        if not shared:
            what = f"none of its {len(tensors):,} tensors is in the model"
        if read:
            what += "; without an index vLLM loads it too"
        yield Found(
            where=Where(file=name),
            message=f"is not part of the model, and {what}",
            fix="delete it" if shared else "delete it, or write the index again with it",
            severity="warning" if harmless and not read else None,
        )
