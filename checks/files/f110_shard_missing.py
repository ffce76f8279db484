"""A shard is missing.

What it checks: every shard that the index names is on disk, and numbers like 2 of 5 have no gap.
    A gap that a complete index does not miss is a warning. Weight files that hold no tensor at all
    are as good as none.
Why it matters: vLLM refuses to start, older SGLang served what was left, and without an index
    nobody notices.
How to fix: copy or download the missing shard, or export the checkpoint again.
Seen in: sglang #32279; Neph0s/CoSER discussion 3.
"""

from release.checkpoint import Checkpoint
from release.checkpoint.index import INDEX_FILE
from release.rules import Findings, Found, Where, rule

SUFFIX = ".safetensors"


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Report every shard that is named, by the index or by its neighbours, and not there."""
    index = checkpoint.index
    named = set(index.shards) if index else set()
    for shard in checkpoint.absent:
        if shard in named:
            message = f"{INDEX_FILE} names it, but it is not there"
        elif index is None:
            message = f"the numbers of the other {len(checkpoint.loaded)} shards leave it out"
        else:
            message = "the numbers of the shards leave it out, though the index needs no such file"
        yield Found(
            where=Where(file=shard),
            message=message,
            fix="copy the shard, or export the checkpoint again",
            severity="warning" if index and shard not in named else None,
        )
    if not checkpoint.loaded and not _weights_refused(checkpoint):
        large = next((name for name in checkpoint.files if name.lower().endswith(SUFFIX)), None)
        what = f"there is no weight file at all: readers do not take {large} for one"
        yield Found(
            where=Where(file="model.safetensors"),
            message=what if large else "there is no weight file at all",
            fix=f"end its name in {SUFFIX}" if large else "copy the weights, or export them again",
        )
    elif (
        checkpoint.loaded
        and not checkpoint.tensors
        and set(checkpoint.loaded) <= set(checkpoint.shards)
    ):
        yield Found(
            where=Where(file=checkpoint.loaded[0]),
            message="holds no tensor, and no other weight file does",
            fix="copy the weights, or export the checkpoint again",
        )


def _weights_refused(checkpoint: Checkpoint) -> bool:
    """Whether another rule says why there are none: a refused file, a broken index, a pickle."""
    suffixes = (SUFFIX, INDEX_FILE)
    refused = any(defect.file.endswith(suffixes) for defect in checkpoint.defects)
    return refused or any(name.endswith((".bin", ".pt", ".pth")) for name in checkpoint.files)
