"""Static activation scales that no calibration can have found: the norm before them says so.

An RMSNorm gives x with sum((x / w)^2) = hidden size, so no activation is larger than
sqrt(hidden size) times the largest weight of the norm; LayerNorm without a bias no more. The
largest one that calibration saw is not far under the weights themselves either.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint, TensorInfo
from release.comparison.feeding import norm_before
from release.facts.measures import E4M3_LARGEST, FP4_LARGEST, Measure, Measures, scalar
from release.quantization.arguments import Args
from release.quantization.config import QuantizationConfig
from release.quantization.schemes import FLOAT_DTYPES
from release.unknown import Unknown

if TYPE_CHECKING:
    from release.quantization.decoding.floats import Floats

MORE, LESS = 1.25, 1 / 16
"""Rounding of the norm and the scale; observers that cut off the largest values."""

SCALED_INPUTS = "attention_in_multiplier"
"""Falcon-H1 scales what its norms give."""
LARGEST_NORM = 1 << 20  # bytes


class Unreachable(msgspec.Struct, frozen=True):
    """A scale with the activations that it is made for, and what the norm `norm` can give."""

    scale: Measure
    amax: float
    norm: str
    bound: float


def provide_unreachable(
    checkpoint: Checkpoint,
    config: ModelConfig,
    measures: Measures,
    quantization: QuantizationConfig | Unknown,
) -> tuple[Unreachable, ...]:
    """Hold every static input scale against the norm before its module, where that is known."""
    if isinstance(quantization, Unknown) or quantization.transformed:
        return ()
    if SCALED_INPUTS in config.text:
        return ()
    return tuple(_unreachable(checkpoint, measures))


def _unreachable(checkpoint: Checkpoint, measures: Measures) -> Iterator[Unreachable]:
    norms = small_tensors(measures)
    known: dict[str, tuple[float, float]] = {}
    for scale in measures.activation_scales:
        amax = input_amax(scale)
        norm = None if scale.expert or amax is None else norm_before(scale.module.name, norms)
        if amax is None or norm is None or norms[norm].dtype not in FLOAT_DTYPES:
            continue
        if norm not in known:
            known[norm] = reach(checkpoint, norms[norm])
        least, most = known[norm]
        if amax > most * MORE:
            yield Unreachable(scale, amax, norm, most)
        elif amax < least * LESS:
            yield Unreachable(scale, amax, norm, least)


def input_amax(scale: Measure) -> float | None:
    """The largest activation that a static input scale is made for.

    NVFP4 stores 448 * 6 / amax, others amax / 448 or the range over 255 (compressed_tensors'
    calculate_qparams and generate_gparam). None for what is no input's, or no number.
    """
    value, scheme = scalar(scale), scale.scheme
    if scheme is None or scheme.inputs is None or scheme.slot(scale.role) is None:
        return None
    if not 0 < value < math.inf:
        return None
    if scale.role == "input_global_scale":
        return FP4_LARGEST * E4M3_LARGEST / value
    return value * largest_code(scheme.inputs) if scale.role == "input_scale" else None


def largest_code(args: Args) -> float:
    """Give half of the range of codes."""
    return E4M3_LARGEST if args.type == "float" else ((1 << args.num_bits) - 1) / 2


def small_tensors(measures: Measures) -> dict[str, TensorInfo]:
    """Give tensors that may be the weight of a norm: of a size that one has."""
    found = (*measures.weights, *measures.others)
    return {m.tensor: m.info for m in found if 0 < m.info.nbytes <= LARGEST_NORM}


def reach(checkpoint: Checkpoint, norm: TensorInfo) -> tuple[float, float]:
    """Give what is typical of the largest value behind a norm, and the bound, of `w` or `1 + w`."""
    import numpy as np  # noqa: PLC0415

    sizes = sizes_of(checkpoint, norm)
    least = min(float(np.median(weight)) for weight in sizes)
    most = max(float(weight.max()) for weight in sizes)
    return least, most * math.sqrt(len(sizes[0]))


def sizes_of(checkpoint: Checkpoint, norm: TensorInfo) -> "tuple[Floats, Floats]":
    """Read the magnitudes of a norm's weights, as `w` and as `1 + w`."""
    import numpy as np  # noqa: PLC0415

    from release.quantization.decoding import to_float32  # noqa: PLC0415 - numpy

    raw = checkpoint.source.read(norm.shard, norm.start, norm.nbytes)
    weight = to_float32(raw, norm.dtype)
    return np.abs(weight), np.abs(weight + np.float32(1))
