"""The declaration says that the weights are not compressed.

What it checks: `quantization_status` is compressed where there are config groups.
Why it matters: transformers takes any other status, or none, for a model still being calibrated
    and looks for unpacked weights.
How to fix: save with `save_pretrained(..., save_compressed=True)`, or set the status if the
    tensors are packed already.
Seen in: checkpoints saved in the middle of a recipe.
"""

from release.quantization.config import COMPRESSED, STATUSES, QuantizationConfig
from release.rules import Findings, Found, in_config, rule


@rule(since="0.1.0")
def check(quantization: QuantizationConfig) -> Findings:
    """Judge the status; one that is no status at all is Q107's."""
    status = quantization.status
    wrong = status != COMPRESSED and (status is None or status in STATUSES)
    if wrong and quantization.groups and "quantization_status" not in quantization.wrong:
        yield Found(
            where=in_config(f"{quantization.path}.quantization_status"),
            message="it is missing" if status is None else f"it is {status!r}",
            fix=f"set it to {COMPRESSED!r} if the weights are compressed, else save them so",
            severity="warning" if status is None else None,
        )
