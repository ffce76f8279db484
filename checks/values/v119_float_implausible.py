"""An unquantized weight holds numbers that weights do not reach.

What it checks: weights, norms, biases in BF16, F16 or F32 above 10,000; F16 values within 1 % of
    the largest F16, 65,504; matrices of which nothing reaches a millionth, but not all is zero;
    norms that are all zero, in architectures that do not add one to them (Gemma, Qwen3-Next,
    Qwen3.5 and Nemotron do).
Why it matters: activations overflow. F16 at its limit has been cut off when it was converted, and
    F16 read as BF16 is next to nothing.
How to fix: keep BF16 instead of F16; export the module again.
Seen in: vllm #33560.
"""

from release.architecture import Architecture
from release.architecture.skeleton import NORM
from release.facts.measures import MATRIX, Measure, Measures
from release.quantization.schemes import FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

LARGEST, SMALLEST = 1e4, 1e-6
F16_LIMIT = 65_504 * 0.99
ADD_ONE = {"gemma", "gemma2", "gemma3", "nemotron", "qwen3_5", "qwen3_5_moe", "qwen3_next"}


@rule(since="0.1.0", severity="warning", echoes=("B", "T101", "V101"))
def check(measures: Measures, architecture: Architecture | Unknown) -> Findings:
    """Report floats that are too large, and norms that let nothing through."""
    family = None if isinstance(architecture, Unknown) else architecture.family
    for measure in (*measures.weights, *measures.others):
        text = _implausible(measure, family)
        if text:
            where = Where(file=measure.info.shard, tensor=measure.tensor)
            yield Found(where, text, "export the module again, in BF16")


def _implausible(measure: Measure, family: str | None) -> str:
    top = measure.values.top
    if measure.info.dtype not in FLOAT_DTYPES:
        return ""
    if measure.info.dtype == "F16" and top >= F16_LIMIT:
        return f"reaches {top:,.0f}, where F16 ends"
    norm = measure.module.kind == NORM and measure.role == "weight"
    if 0 < top < SMALLEST and len(measure.info.shape) == MATRIX:
        return f"reaches no more than {top:,.4g}"
    if top > LARGEST and "mask" not in measure.role:
        return f"reaches {top:,.4g}"
    dead = norm and measure.values.zero and family is not None and family not in ADD_ONE
    return "a norm of nothing but zeros" if dead else ""
