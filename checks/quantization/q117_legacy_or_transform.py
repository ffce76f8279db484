"""The checkpoint needs something that compressed-tensors no longer has, or rotates activations.

What it checks: the declaration stands under `quantization_config` of config.json itself; formats
    and sparsity that were removed (marlin-24, sparse bitmasks, a `sparsity_config` with targets);
    the orders of columns that need `weight_g_idx`; transforms that run at inference.
Why it matters: vLLM 0.32 stops at a sparse configuration and at a group order of columns. Files
    from before August 2026 are sound and need an older engine.
How to fix: quantize again with a current llm-compressor, or name the older engine in the card.
Seen in: vllm #43229.
"""

from release.quantization.arguments import REMOVED_ACTORDERS
from release.quantization.config import QuantizationConfig
from release.quantization.formats import LEGACY
from release.rules import Findings, Found, in_config, rule

PLACE = "quantization_config"
AGAIN = "quantize again with a current llm-compressor"


@rule(since="0.1.0", severity="warning")
def check(quantization: QuantizationConfig) -> Findings:
    """Name what is gone, and what is there beside the weights."""
    root = quantization.path
    if root and root != PLACE:
        what = f"vLLM reads {root}; transformers reads {PLACE} alone, and takes codes for weights"
        yield Found(in_config(root), what, f"move it to {PLACE}")
    if quantization.sparsity:
        what = "sparsity has been removed; vLLM raises a DeprecationWarning at start"
        yield Found(in_config(f"{root}.sparsity_config"), what, AGAIN, "error")
    formats = {f"{root}.format": quantization.format}
    formats |= {f"{group.path}.format": group.format for group in quantization.groups}
    for path, form in formats.items():
        if form in LEGACY:
            what = f"{form!r} has been removed from compressed-tensors"
            yield Found(in_config(path), what, AGAIN, "error")
    for group in quantization.groups:
        order = group.weights.actorder if group.weights else None
        if order in REMOVED_ACTORDERS:
            yield Found(
                where=in_config(f"{group.path}.weights.actorder"),
                message=f"{order!r} needs weight_g_idx, which compressed-tensors 0.19 and vLLM "
                "since 0.30 refuse",
                fix=f"{AGAIN} and actorder 'static', or name an older vLLM in the card",
            )
    if quantization.transformed:
        yield Found(
            where=in_config(f"{root}.transform_config"),
            message="activations are transformed at inference; only vLLM and transformers with "
            "compressed-tensors do that",
            fix="say so in the card",
            severity="info",
        )
