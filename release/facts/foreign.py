"""Whether the base is the model that a checkpoint was made from at all, and what it is if not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint, TensorInfo
from release.comparison.pairing import Pairing, Wanted
from release.comparison.results import Cause, Compared, Difference, Sameness
from release.unknown import Unknown

if TYPE_CHECKING:
    from release.comparison.compare import Comparer

SIZES = ("hidden_size", "num_hidden_layers", "intermediate_size", "head_dim")
"""Settings that quantizing never changes: of a model with others every tensor is another's."""

UNLIKE, TOO_MANY, TRIED = 0.2, 0.3, 8
"""Cosine of a stranger, the share of strangers that makes a base wrong, how many are looked for."""

NEARLY_ALL = 0.9
"""Share of matrices that a second training changes, and that no single fault does."""

MATRIX, PIECE = 2, 1 << 22
ITS_OWN = {Cause.NONE, Cause.HOLDS_ANOTHER, Cause.DISORDER}
"""Causes of weights whose values are this base's, wherever they lie."""


def another_by_shape(
    config: ModelConfig | Unknown,
    base_config: ModelConfig | Unknown,
    pairing: Pairing,
    wanted: dict[str, Wanted],
) -> str:
    """Say that names or shapes are another model's, by the settings where these say so."""
    if not (pairing.shapes or pairing.alone or pairing.left):
        return ""
    if not isinstance(config, Unknown) and not isinstance(base_config, Unknown):
        pairs = [(key, config.get(key), base_config.get(key)) for key in SIZES]
        sizes = [
            f"{key} is {ours} here, {theirs} there"
            for key, ours, theirs in pairs
            if type(ours) is int and type(theirs) is int and ours != theirs
        ]
        if sizes:
            return f"another model: {'; '.join(sizes)}"
    if len(pairing.alone) > len(wanted) / 2:
        return f"another model: it has no tensor for {len(pairing.alone):,} of {len(wanted):,} here"
    if len(pairing.shapes) > TOO_MANY * len(wanted):
        count = f"{len(pairing.shapes):,} of {len(wanted):,}"
        return f"another model: {count} tensors have another shape there"
    return ""


def another_by_value(
    comparer: "Comparer", compared: list[Compared], differences: list[Difference]
) -> str:
    """Say that values are another model's, or another training's of the same one."""
    strangers = [item for item in compared if item.measure.cosine < UNLIKE]
    if len(strangers) > TOO_MANY * len(comparer.weights):  # rotated ones may not be among them
        odd = [d for d in differences if d.likeness.sameness is Sameness.DIFFERENT and not d.holds]
        if len(odd) > len(differences) / 2 or _are_nowhere(comparer, strangers):
            count = f"{len(strangers):,} of {len(compared):,}"
            return f"another model: {count} quantized weights are nothing like its own"
    return _trained_otherwise(comparer, compared, differences)


def _are_nowhere(comparer: "Comparer", strangers: list[Compared]) -> bool:
    """Whether of a few strangers most are found nowhere in the base."""
    from release.comparison.explain import explain  # noqa: PLC0415 - numpy

    tried = explain(comparer, strangers[:: max(1, len(strangers) // TRIED)])
    return sum(item.cause is Cause.COSINE for item in tried) > len(tried) / 2


def _trained_otherwise(
    comparer: "Comparer", compared: list[Compared], differences: list[Difference]
) -> str:
    """Say that what quantizing leaves alone differs too: matrices, and norms or weights with them.

    Codes that GPTQ moved say nothing, and a norm changes little in a short training.
    """
    odd = [d for d in differences if d.likeness.sameness is Sameness.DIFFERENT]
    odd = [d for d in odd if not d.holds and not d.likeness.change]
    matrices = [d for d in differences if len(comparer.plains[d.tensor].info.shape) >= MATRIX]
    changed = [d for d in odd if d in matrices]
    moved = [item for item in compared if item.cause not in ITS_OWN]
    vectors = len(odd) - len(changed) > (len(differences) - len(matrices)) / 2
    weights = len(moved) > len(compared) / 2
    if matrices and len(changed) < NEARLY_ALL * len(matrices):
        return ""
    if not (weights and vectors) and not (matrices and (weights or vectors)):
        return ""
    worst = min(odd, key=lambda d: d.likeness.cosine)
    count = f"{len(odd) + len(moved):,} of {len(differences) + len(compared):,}"
    return (
        f"another training of this model: {count} tensors have other values, {worst.tensor} the "
        f"most, by up to {worst.likeness.largest:.2g} of its largest"
    )


def copied(checkpoint: Checkpoint, base: Checkpoint) -> str:
    """Say that the base stores all tensors as they are here. Raises `CheckpointError`."""
    pairs = [(info, base.tensors.get(name)) for name, info in checkpoint.tensors.items()]
    ordered = sorted(
        ((info, other) for info, other in pairs if other is not None),
        key=lambda pair: pair[0].nbytes,
    )
    alike = len(ordered) == len(pairs) and all(
        (info.dtype, info.shape) == (other.dtype, other.shape) for info, other in ordered
    )
    if not alike or not all(_same_bytes(checkpoint, base, pair) for pair in ordered):
        return ""
    return f"this checkpoint again: all of its {len(pairs):,} tensors are stored there as here"


def _same_bytes(checkpoint: Checkpoint, base: Checkpoint, pair: Sequence[TensorInfo]) -> bool:
    ours, theirs = pair
    return all(
        checkpoint.source.read(ours.shard, ours.start + at, min(PIECE, ours.nbytes - at))
        == base.source.read(theirs.shard, theirs.start + at, min(PIECE, ours.nbytes - at))
        for at in range(0, ours.nbytes, PIECE)
    )
