"""The index gives a total that its shards do not have.

What it checks: total_size is the sum of the tensors' bytes, or of the files' bytes (both are
    written in practice); total_parameters is near the elements stored or the parameters meant.
    Both may be absent; an index without any metadata is a note.
Why it matters: the Hub and estimators of memory show these numbers; a wrong one also says that the
    index belongs to another export. transformers 5 reads the metadata unasked and fails without.
How to fix: write the index again from the shards.
Seen in: huggingface_hub #4221.
"""

from typing import Any

from release.checkpoint import Checkpoint
from release.checkpoint.index import INDEX_FILE
from release.facts.weights import Weights
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

TOLERANCE = 0.01


@rule(since="0.1.0", severity="warning")
def check(checkpoint: Checkpoint, weights: Weights | Unknown) -> Findings:
    """Compare both totals with what was counted, where everything could be read."""
    index = checkpoint.index
    if index is None or any(name not in checkpoint.shards for name in checkpoint.loaded):
        return
    if index.metadata is None:
        message = "has no metadata object, which transformers 5 expects; vLLM does not"
        fix = 'add "metadata": {} to it'
        yield Found(Where(file=INDEX_FILE), message, fix, severity="info")
        return
    headers = [checkpoint.shards[name] for name in checkpoint.loaded]
    stored = sum(info.nbytes for header in headers for info in header.tensors.values())
    files = sum(checkpoint.files[name].size for name in checkpoint.loaded)
    size = index.metadata.get("total_size", stored)
    if not _is_number(size) or size not in {stored, files, checkpoint.tensor_bytes}:
        yield _wrong("total_size", size, f"the tensors have {stored:,} bytes, the files {files:,}")
    count = index.metadata.get("total_parameters")
    if count is None or isinstance(weights, Unknown):
        return
    likely = {weights.stored_elements, weights.parameters, weights.hub_counted}
    if not _is_number(count) or not any(abs(count - n) <= n * TOLERANCE for n in likely):
        known = f"{weights.parameters:,} parameters in {weights.stored_elements:,} elements"
        yield _wrong("total_parameters", count, f"the shards hold {known}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong(key: str, value: Any, truth: str) -> Found:
    return Found(
        where=Where(file=INDEX_FILE, path=f"metadata.{key}"),
        message=f"{key} is {value!r:.40}, but {truth}",
        fix="write the index again from the shards",
    )
