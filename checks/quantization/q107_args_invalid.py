"""The declaration has a value that compressed-tensors refuses.

What it checks: config groups and their arguments as compressed-tensors validates them: keys,
    types, and combinations (a group size without groups, static tokens, blocks without a
    structure). A key next to a known one by a letter is named. Dynamic weights, which nothing
    refuses, are a warning: weights and activations were exchanged, and no scale would be read. So
    are activations of NVFP4 that are dynamic and not "local": vLLM reads their global scale.
Why it matters: compressed-tensors stops with a validation error, and so does vLLM, which parses
    the arguments with it ("Extra inputs are not permitted").
How to fix: write what llm-compressor writes for the scheme.
Seen in: llm-compressor #2057, vllm #30799.
"""

from difflib import get_close_matches

from release.quantization.config import KEYS, ConfigGroup, QuantizationConfig
from release.quantization.schemes import TENSOR_GROUP
from release.rules import Findings, Found, in_config, rule

NEAR = 0.85


@rule(since="0.1.0")
def check(quantization: QuantizationConfig) -> Findings:
    """Report what the parser could not take, then keys that look misspelt."""
    for problem in quantization.problems:
        fix = "remove it" if problem.extra else "write what llm-compressor writes for the scheme"
        yield Found(in_config(problem.path), problem.what, fix)
    for group in quantization.groups:
        if not group.unreadable:
            yield from _dynamic(group)
    for key in quantization.keys:
        near = get_close_matches(key, KEYS, 1, NEAR) if key not in KEYS else []
        if near and near[0] not in quantization.keys:
            yield Found(
                where=in_config(f"{quantization.path}.{key}"),
                message=f"no reader knows {key!r:.60}",
                fix=f"did you mean {near[0]}?",
                severity="warning",
            )


def _dynamic(group: ConfigGroup) -> Findings:
    weights, inputs = group.weights, group.input_activations
    if weights is not None and weights.dynamic:
        where = in_config(f"{group.path}.weights.dynamic")
        what = f"is {weights.dynamic!r}, but stored weights have stored scales"
        yield Found(where, what, "exchange weights and input_activations", "warning")
    if inputs is not None and inputs.dynamic is True and inputs.strategy == TENSOR_GROUP:
        where = in_config(f"{group.path}.input_activations.dynamic")
        what = "is True; vLLM computes with input_global_scale, which only 'local' ones store"
        yield Found(where, what, "set it to 'local'", "warning")
