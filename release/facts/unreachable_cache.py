"""Scales of the KV cache that no keys or values can have given: what feeds them says so.

A norm of heads bounds keys as it is. Without one they are W n, with the output n of the norm before
attention, and |W n| is at most the largest weight times |w| sqrt(hidden size), for its weights w.
"""

import math

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint, TensorInfo
from release.comparison.feeding import norm_before
from release.facts.measures import Measure, Measures, amax, by_module, scalar
from release.facts.unreachable import (
    LESS,
    SCALED_INPUTS,
    Unreachable,
    largest_code,
    reach,
    sizes_of,
    small_tensors,
)
from release.quantization.config import QuantizationConfig
from release.quantization.schemes import FLOAT_DTYPES

MORE = 4
"""What YaRN's factor of attention, rotary embeddings and zero points may add."""

UNKNOWN = "", 0.0, math.inf

PARTS = {"k_scale": "k", "v_scale": "v"}
OTHER_NORMS = ("use_qk_norm", "qk_layernorm", SCALED_INPUTS)
"""Settings with which keys have a norm without weights, or inputs are scaled."""


def provide_unreachable_cache(
    checkpoint: Checkpoint,
    config: ModelConfig,
    measures: Measures,
    quantization: QuantizationConfig,
) -> tuple[Unreachable, ...]:
    """Hold the scales of keys and values against the largest that their weights can give."""
    args, tensors = quantization.kv_cache_scheme, small_tensors(measures)
    found = []
    for scale in measures.cache_scales:
        if args is None or scale.role not in PARTS or not scale.values.top:
            continue
        behind, least, most = _bounds_of(checkpoint, config, measures, tensors, scale)
        made_for = scale.values.top * largest_code(args)
        if not behind or quantization.transformed:
            continue
        if made_for > MORE * most:
            found.append(Unreachable(scale, made_for, behind, most))
        elif made_for < LESS * least:
            found.append(Unreachable(scale, made_for, behind, least))
    return tuple(found)


def _bounds_of(
    checkpoint: Checkpoint,
    config: ModelConfig,
    measures: Measures,
    tensors: dict[str, TensorInfo],
    scale: Measure,
) -> tuple[str, float, float]:
    """What feeds a part of the cache, and the bounds of its largest value; no name if unknown."""
    attention, part = scale.module.name, PARTS[scale.role]
    norm = f"{attention}.{part}_norm.weight"
    if norm in tensors:
        known = (
            tensors[norm].dtype in FLOAT_DTYPES and f"{attention}.{part}_norm.bias" not in tensors
        )
        return (norm, *reach(checkpoint, tensors[norm])) if known else UNKNOWN
    projection = f"{attention}.{part}_proj"
    before = norm_before(projection, tensors)
    inside = [name.removeprefix(f"{attention}.") for name in tensors if attention in name]
    normed = any("norm" in name and (part == "k" or name[0] == part) for name in inside)
    largest = _largest_weight(measures, projection)
    if normed or before is None or largest is None or any(map(config.text.get, OTHER_NORMS)):
        return UNKNOWN
    if tensors[before].dtype not in FLOAT_DTYPES:
        return UNKNOWN
    sizes = sizes_of(checkpoint, tensors[before])
    length = max(math.sqrt(float((weight * weight).sum())) for weight in sizes)
    bias = next((m.values.top for m in measures.others if m.tensor == f"{projection}.bias"), 0.0)
    return projection, 0.0, largest * length * math.sqrt(len(sizes[0])) + bias


def _largest_weight(measures: Measures, projection: str) -> float | None:
    """The largest magnitude of a weight, quantized or not; None where that is not known."""
    weight = by_module(measures.weights).get(projection)
    if weight is None or weight.values.bad:
        return None
    if weight.scheme is None:
        return weight.values.top if weight.info.dtype in FLOAT_DTYPES else None
    scale = by_module(measures.scales).get(projection)
    divisor = by_module(measures.global_scales).get(projection)
    return None if scale is None else amax(weight, scale, scalar(divisor) if divisor else 1.0)
