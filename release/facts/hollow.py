"""Blocks of zero codes under scales of blocks that were not zero: their codes were lost.

A scale is made of the block's largest weight, so one of an ordinary size stands for a code at the
end of the range. A block that really is zero gets whatever its quantizer gives to all of those, an
eps (compressed_tensors' calculate_qparams) or a one; that value, the commonest, proves nothing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from release.checkpoint import Checkpoint, TensorInfo
from release.facts.measures import Measure, Measures

if TYPE_CHECKING:
    import numpy.typing as npt

    from release.quantization.decoding import Decoder

    Array = npt.NDArray[Any]

SHARE = 0.01
"""Blocks that are zero, or hollow: fewer say nothing. GPTQ moves weights under scales it fixed."""

SMALLER = 4
"""How far under the median of the others' a scale may be to be an ordinary one."""

PIECE = 1 << 20
"""Weights that are decoded at once."""


class Hollow(msgspec.Struct, frozen=True):
    """A weight, how many of its blocks have lost their codes, and the first one's row and column.

    `columns` are the first and last of those that have lost them in every row, where these are
    side by side; `columnwise`: hardly a block is hollow but in such columns.
    """

    weight: Measure
    blocks: int
    hollow: int
    row: int
    column: int
    columns: tuple[int, int] | None
    columnwise: bool


def provide_hollow(checkpoint: Checkpoint, measures: Measures) -> tuple[Hollow, ...]:
    """Look closer at every weight in whose sample over 1 % of the blocks are zero."""
    found = (_look(checkpoint, weight) for weight in measures.weights if _is_suspicious(weight))
    return tuple(item for item in found if item is not None)


def _is_suspicious(weight: Measure) -> bool:
    codes, values = weight.values.codes, weight.values
    if codes is None or values.zero or values.constant or weight.scheme is None:
        return False
    return codes.blank > SHARE * (codes.blank + codes.units)


def _look(checkpoint: Checkpoint, weight: Measure) -> Hollow | None:
    import numpy as np  # noqa: PLC0415

    from release.quantization.decoding import Decoder, Undecodable  # noqa: PLC0415 - numpy

    def read(info: TensorInfo, at: int, count: int) -> bytes:
        return checkpoint.source.read(info.shard, info.start + at, count)

    scheme, shape = weight.scheme, weight.module.shape
    if scheme is None or shape is None:
        return None
    try:
        decoder = Decoder(scheme, shape, weight.module.tensors, read)
    except Undecodable:
        return None  # that is other rules' to say
    if not decoder.group or shape[1] % decoder.group:
        return None
    blank, scale = (np.concatenate(part) for part in zip(*_blocks(decoder), strict=True))
    if not blank.any() or blank.all():
        return None
    values, counts = np.unique(scale[blank], return_counts=True)
    ordinary = (scale >= np.median(scale[~blank]) / SMALLER) & (scale != values[counts.argmax()])
    hollow = blank & ordinary
    lost = int(np.count_nonzero(hollow))
    if lost <= SHARE * blank.size:
        return None
    row, column = (int(place[0]) for place in np.nonzero(hollow))
    whole = np.flatnonzero(blank.all(axis=0))
    ends = (int(whole[0]), int(whole[-1]) + 1) if len(whole) else None
    side = ends and len(whole) == ends[1] - ends[0]
    columns = (ends[0] * decoder.group, ends[1] * decoder.group - 1) if ends and side else None
    beside = lost - int(np.count_nonzero(hollow[:, whole]))
    columnwise = beside <= SHARE * blank.size
    return Hollow(weight, blank.size, lost, row, column * decoder.group, columns, columnwise)


def _blocks(decoder: "Decoder") -> Iterator["tuple[Array, Array]"]:
    """Which blocks are zero, and their scales: (rows, blocks), some rows at a time."""
    rows, columns = decoder.shape
    step = max(1, PIECE // columns)
    for start in range(0, rows, step):
        part = decoder.rows(start, min(start + step, rows))
        values = part.values().reshape(len(part.codes), -1, decoder.group)
        sizes: Array = abs(values).max(axis=2)
        yield sizes == 0, part.factor[:, :: decoder.group]
