"""Weights are laid out for another framework, or still carry a wrapper's names.

What it checks: a weight file's metadata says `pt` for its format, or has no metadata; no weight has
    a dtype that this format never writes; no tensor's name holds the traces of torch.compile,
    DataParallel, PEFT or FSDP.
Why it matters: no engine finds tensors under such names, and loaders refuse or transpose what says
    that it is from another framework.
How to fix: save the unwrapped model with `save_pretrained`; merge adapters first.
Seen in: fine-tunes saved from inside a wrapper; MLX conversions under the original's name.
"""

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.checkpoint.header import Header
from release.facts.wrapper import find_traces
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

FOREIGN = {
    "U16",
    "U32",
    "U64",
    "I16",
    "C64",
    "F8_E4M3FNUZ",
    "F8_E5M2FNUZ",
    "F4",
    "F6_E2M3",
    "F6_E3M2",
}


@rule(since="0.1.0")
def check(checkpoint: Checkpoint, config: ModelConfig | Unknown) -> Findings:
    """Judge each loaded shard's metadata and dtypes, then every name."""
    for shard in checkpoint.loaded:
        if shard in checkpoint.shards:
            yield from _layout(shard, checkpoint.shards[shard])
    for trace, names in find_traces(checkpoint.tensors, config).items():
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        yield Found(
            where=Where(file=checkpoint.tensors[names[0]].shard, tensor=names[0]),
            message=f"it{more} have {trace!r} in the name, of a wrapper that no engine knows"
            if more
            else f"holds {trace!r}, the trace of a wrapper that no engine knows",
            fix="save the unwrapped model; merge adapters first",
        )


def _layout(shard: str, header: Header) -> Findings:
    says = header.metadata.get("format")
    fix = "save the weights again with safetensors.torch, metadata format pt"
    if header.metadata and says != "pt":
        what = f"metadata format is {says!r:.40}" if says else "metadata names no format"
        yield Found(Where(file=shard), f"{what}, not 'pt'", fix, "warning")
        return
    for name, info in header.tensors.items():
        if info.dtype in FOREIGN and name.endswith("weight"):
            what = f"weight of dtype {info.dtype}, which compressed-tensors never writes"
            yield Found(Where(file=shard, tensor=name), what, fix, "warning")
