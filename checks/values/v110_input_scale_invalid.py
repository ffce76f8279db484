"""The scale of activations is zero, negative, NaN or Inf, or what an observer starts with.

What it checks: every `input_scale`, `input_global_scale` and `output_scale`, which are numbers
    from 1e-20 to 1e20: beyond are the ends of a dtype's range, where observers begin.
Why it matters: every activation of the layer becomes 0, NaN or Inf. In a mixture of experts it
    shows only for prompts that reach the expert.
How to fix: calibrate again, so that the module sees data.
Seen in: vllm #45212, #54444; llm-compressor #2826, experts that no token reached.
"""

from release.facts.measures import Measures, scalar
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule

LEAST, MOST = 1e-20, 1e20


@rule(since="0.1.0")
def check(measures: Measures) -> Findings:
    """Report every activation scale that cannot scale anything."""
    for scale in measures.activation_scales:
        if scale.info.dtype not in FLOAT_DTYPES or not scale.values.words:
            continue
        value = scalar(scale)
        if not LEAST <= value <= MOST:  # nor is NaN
            yield Found(
                where=Where(file=scale.info.shard, tensor=scale.tensor),
                message=f"is {value:g}",
                fix="calibrate again, with data that reaches the module",
            )
