"""There are several weight files and no index, or one under another name.

What it checks: a checkpoint of more than one weight file has model.safetensors.index.json, and one
    of a single file calls it model.safetensors. Mistral's consolidated files have no index and are
    not counted, nor is what F111 names.
Why it matters: transformers finds no model, or only model.safetensors; vLLM loads every file, with
    the last one winning where names meet.
How to fix: write the index (`save_pretrained` does), or delete the files that do not belong.
Seen in: folders copied by a pattern that matched the shards only.
"""

from release.checkpoint import Checkpoint
from release.checkpoint.index import INDEX_FILE
from release.rules import Findings, Found, Where, rule

SINGLE = "model.safetensors"


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Count the weight files where there is no index at all, readable or not."""
    broken = any(defect.file == INDEX_FILE for defect in checkpoint.defects)
    if checkpoint.index is not None or broken:
        return
    files = [name for name in checkpoint.loaded if not name.startswith("consolidated")]
    if len(files) == 1 and files[0] not in {SINGLE, *checkpoint.absent}:
        yield Found(
            where=Where(file=files[0]),
            message=f"there is no index, and transformers looks for {SINGLE} alone",
            fix=f"rename it to {SINGLE}",
        )
    if len(files) > 1:
        yield Found(
            where=Where(file=INDEX_FILE),
            message=f"there is no index, but {len(files)} weight files: {files[0]}, {files[1]}"
            + (" and more" if len(files) > 2 else ""),  # noqa: PLR2004 - two were named
            fix="write the index, or delete the files that do not belong to the model",
        )
