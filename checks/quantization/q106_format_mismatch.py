"""The declared format cannot hold the declared arguments.

What it checks: every group with weights names a storage format, itself or through the top level,
    that can hold its bits, type, group size and scales; there is such a format; the top level
    names the one format of all groups, or mixed-precision.
Why it matters: vLLM picks the scheme of FP8 and integer weights by the format and refuses what
    does not fit ("No compressed-tensors compatible scheme was found"); compressed-tensors picks
    the decompressor by it.
How to fix: set the format that is named here; llm-compressor writes it into each group.
Seen in: configs of mixed checkpoints, put together by hand.
"""

from collections.abc import Iterator

from release.facts.misdeclared import Misdeclared
from release.quantization.arguments import Args
from release.quantization.config import DENSE, MIXED, ConfigGroup, QuantizationConfig
from release.quantization.formats import (
    FLOAT,
    INT,
    SCALE_DTYPES,
    can_hold,
    infer_format,
    is_storable,
    states_format,
)
from release.rules import Findings, Found, in_config, rule

ODD = {("int", FLOAT), ("float", INT)}  # the same layout, under the other type's name


@rule(since="0.1.0")
def check(quantization: QuantizationConfig, misdeclared: Misdeclared) -> Findings:
    """Judge each group's format, then the one that stands for all."""
    groups = [g for g in quantization.groups if g.weights is not None and not g.unreadable]
    found = [
        one
        for group in groups
        if group.weights is not None and group.name not in misdeclared.schemes
        for one in _group(quantization, group, group.weights)
    ]
    yield from found
    groups = [group for group in groups if group.name not in misdeclared.unstored]
    own = {group.format for group in groups if group.format not in {None, DENSE}}
    top = quantization.format
    if any(one.severity is None for one in found) or "format" in quantization.wrong:
        return  # a top level that agrees with the wrong formats would be no better; Q107 has others
    if len(own) > 1 and top != MIXED:
        fix = f"set it to {MIXED!r}"
        yield _top(quantization, f"it is {top!r:.40}, and the groups have {len(own)} formats", fix)
    elif len(own) == 1 and all(g.format for g in groups) and top not in {*own, MIXED}:
        only = next(iter(own))
        yield _top(
            quantization, f"it is {top!r:.40}, all groups have {only!r}", f"set it to {only!r}"
        )


def _group(config: QuantizationConfig, group: ConfigGroup, weights: Args) -> Iterator[Found]:
    inferred = infer_format(weights, group.input_activations)
    if not is_storable(weights, group.input_activations):
        what = f"no format stores floats of {weights.num_bits} bits per {weights.strategy}"
        yield Found(in_config(group.path), what, "write what llm-compressor writes for the scheme")
        return
    path = f"{group.path}.format" if group.format else f"{config.path}.format"
    form = group.format or config.format
    if not group.format and not states_format(config):
        what = f"{group.name:.60} names no format, and the top level has {config.format!r:.40}"
        yield Found(in_config(f"{group.path}.format"), what, f"set it to {inferred!r}")
    elif form is not None and not can_hold(form, weights, group.input_activations):
        kind = f"{weights.type} weights of {weights.num_bits} bits"
        what = f"it is {form!r:.40}, which does not hold the {kind} of {group.name:.60}"
        yield Found(in_config(path), what, f"set it to {inferred!r}")
    elif weights.scale_dtype and weights.scale_dtype != SCALE_DTYPES.get(
        form or "", weights.scale_dtype
    ):
        what = f"it is {weights.scale_dtype!r:.40}; {form} has scales of {SCALE_DTYPES[form or '']}"
        where = in_config(f"{group.path}.weights.scale_dtype")
        yield Found(where, what, f"set it to {SCALE_DTYPES[form or '']!r}", "warning")
    elif (weights.type, form) in ODD:
        what = f"it is {form!r}, the weights of {group.name:.60} are {weights.type}"
        yield Found(in_config(path), what, f"set it to {inferred!r}", "warning")


def _top(config: QuantizationConfig, what: str, fix: str) -> Found:
    return Found(in_config(f"{config.path}.format"), what, fix, "warning")
