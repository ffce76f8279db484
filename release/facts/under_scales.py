"""What stands under single scales: codes that are lost with it, or zeros that it does no harm to.

For that the codes are read a second time: under the first 1,024 zeros of a tensor of scales, a few
bytes each, and under the largest scale where that is far from all others.
"""

from collections.abc import Iterator

import msgspec

from release.checkpoint import Checkpoint
from release.facts.measures import MATRIX, Measure, Measures, by_module
from release.quantization.schemes import FLOAT_DTYPES
from release.scan.layout import CODE_BITS
from release.scan.values import Hits

BITS_OF_BYTE = 8
FAR = 1000


class Covered(msgspec.Struct, frozen=True):
    """A tensor of scales and its weight: how many of the zeros stand for codes that are not zero.

    Of more than 1,024 zeros that many were looked at.
    """

    scale: Measure
    weight: Measure
    checked: int
    lost: Hits


def provide_zero_scales(checkpoint: Checkpoint, measures: Measures) -> tuple[Covered, ...]:
    """Look under every scale that is zero, of float scales and exponents."""
    weights = by_module(measures.weights)
    return tuple(
        _look(checkpoint, scale, weights[scale.module.name])
        for scale in measures.scales
        if scale.values.scales and scale.values.scales.zero and scale.module.name in weights
    )


def provide_large_scales(checkpoint: Checkpoint, measures: Measures) -> tuple[Measure, ...]:
    """Find scales whose largest is over 1,000 times the median and stands for codes.

    Of an all-zero row compressed_tensors writes an eps that may be as large. FP8 scales and
    exponents span more than that by nature.
    """
    weights = by_module(measures.weights)
    return tuple(
        scale
        for scale in measures.scales
        if scale.info.dtype in FLOAT_DTYPES
        and scale.module.name in weights
        and scale.values.scales
        and scale.values.top > FAR * scale.values.scales.median > 0
        and covers_codes(checkpoint, scale, weights[scale.module.name], scale.values.scales.top_at)
    )


def covers_codes(checkpoint: Checkpoint, scale: Measure, weight: Measure, index: int) -> bool:
    """Whether the scale of an index stands for any code that is not zero. Reads its codes."""
    from release.scan.packing import all_zero  # noqa: PLC0415 - numpy

    scheme = weight.scheme
    if weight.values.zero or scheme is None:
        return not weight.values.zero
    flat = len(weight.info.shape) != MATRIX or len(scale.info.shape) != MATRIX
    odd = not scheme.weights.symmetric or scheme.weights.num_bits not in CODE_BITS
    if scale.values.words == 1 or flat or odd:
        return True
    return not all(
        all_zero(
            checkpoint.source.read(weight.info.shard, start, length),
            weight.info.dtype,
            scheme.weights.num_bits,
        )
        for start, length in _spans(scale, weight, index)
    )


def _look(checkpoint: Checkpoint, scale: Measure, weight: Measure) -> Covered:
    zeros = scale.values.scales.zeros if scale.values.scales else ()
    lost = [index for index in zeros if covers_codes(checkpoint, scale, weight, index)]
    return Covered(scale, weight, len(zeros), Hits(len(lost), lost[0] if lost else None))


def _spans(scale: Measure, weight: Measure, index: int) -> Iterator[tuple[int, int]]:
    """Where the codes of one scale are: positions and lengths in bytes, row by row."""
    rows = weight.info.shape[0]
    length = weight.info.nbytes // rows
    scale_rows = scale.info.shape[0]
    columns = scale.values.words // scale_rows
    scale_row, column = divmod(index, columns)
    block = weight.scheme.weights.block_structure if weight.scheme else None
    height, width = block or (-(-rows // scale_rows), _width(weight, length, columns))
    start = column * width
    for row in range(scale_row * height, min((scale_row + 1) * height, rows)):
        yield weight.info.start + row * length + start, max(0, min(width, length - start))


def _width(weight: Measure, length: int, columns: int) -> int:
    """Bytes that one scale covers of a row of `length` bytes with `columns` scales."""
    args = weight.scheme.weights if weight.scheme else None
    if columns == 1 or args is None or not args.group_size or args.group_size < 0:
        return -(-length // columns)
    bits = args.num_bits if weight.role == "weight_packed" else BITS_OF_BYTE
    return args.group_size * bits // BITS_OF_BYTE
