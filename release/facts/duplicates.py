"""Weights that are copies of each other, byte for byte.

Tensors whose marks agree (eight bytes of every 4 KiB) are read a second time to be compared.
"""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from release.architecture.numbering import layer_of
from release.checkpoint import Checkpoint
from release.facts.measures import Measure, Measures
from release.facts.modules import ROTATION

PIECE = 1 << 20
MATRIX = 2


class Duplicate(msgspec.Struct, frozen=True):
    """A weight, and the one before it in the files that holds the same bytes.

    `layer` and `original_layer` are the names of their layers where every weight of the one is a
    copy of the other's.
    """

    tensor: Measure
    original: Measure
    layer: str | None = None
    original_layer: str | None = None


def provide_duplicates(checkpoint: Checkpoint, measures: Measures) -> tuple[Duplicate, ...]:
    """Find copies among the 2-D weights that are neither zero nor constant, nor rotations."""
    groups: dict[tuple[str, tuple[int, ...], bytes], list[Measure]] = defaultdict(list)
    for weight in measures.weights:
        info, values = weight.info, weight.values
        if weight.module.kind == ROTATION:
            continue
        if len(info.shape) >= MATRIX and not values.constant and values.mark:
            groups[info.dtype, info.shape, values.mark].append(weight)
    found = [
        duplicate
        for group in groups.values()
        if len(group) > 1
        for duplicate in _compare(checkpoint, group)
    ]
    return tuple(_name_layers(found, measures))


def _compare(checkpoint: Checkpoint, group: list[Measure]) -> Iterator[Duplicate]:
    originals: list[Measure] = []
    for weight in group:
        same = (other for other in originals if _equal(checkpoint, weight, other))
        original = next(same, None)
        if original is None:
            originals.append(weight)
        else:
            yield Duplicate(weight, original)


def _equal(checkpoint: Checkpoint, one: Measure, other: Measure) -> bool:
    for offset in range(0, one.info.nbytes, PIECE):
        size = min(PIECE, one.info.nbytes - offset)
        pieces = [
            checkpoint.source.read(info.shard, info.start + offset, size)
            for info in (one.info, other.info)
        ]
        if pieces[0] != pieces[1]:
            return False
    return True


def _name_layers(found: list[Duplicate], measures: Measures) -> Iterator[Duplicate]:
    """Mark the copies of whole layers, for one cause is one finding."""
    sizes: dict[str, int] = defaultdict(int)
    for weight in measures.weights:
        if len(weight.info.shape) >= MATRIX:
            sizes[layer_of(weight.module.name)] += 1
    copied: dict[tuple[str, str], int] = defaultdict(int)
    for duplicate in found:
        copied[_layers(duplicate)] += 1
    for duplicate in found:
        layer, original = _layers(duplicate)
        if layer and layer != original and copied[layer, original] == sizes[layer]:
            yield msgspec.structs.replace(duplicate, layer=layer, original_layer=original)
        else:
            yield duplicate


def _layers(duplicate: Duplicate) -> tuple[str, str]:
    return layer_of(duplicate.tensor.module.name), layer_of(duplicate.original.module.name)
