"""The matrix of a rotation at inference is missing, of another size, or declared nowhere.

What it checks: for each transform of inputs or outputs in `transform_config`, a matrix of each size
    that its modules need is stored, `{module}.{transform}_{location}.weight`; each stored matrix is
    square and as large as `head_dim`, or as its module; and a stored one is declared.
Why it matters: the weights hold the inverse. vLLM makes the matrix from memory that nobody set
    where no file has it, stops at an assertion where its size is another, and does not rotate at
    all what is not declared: the layer computes noise.
How to fix: save the model again with its transforms; a random one cannot be made a second time.
Seen in: tests only; no public case is known.
"""

from collections.abc import Iterator

from release.facts.modules import ROTATION, Module, Modules
from release.quantization.config import QuantizationConfig
from release.quantization.match import Targets
from release.quantization.transforms import Rotation
from release.rules import Findings, Found, Where, in_config, rule

FIX = "save the model again with its transforms"
INPUT = "input"


@rule(since="0.1.0")
def check(quantization: QuantizationConfig, modules: Modules) -> Findings:
    """Compare the declared rotations with the stored matrices, and the other way round."""
    stored = {module.name: module for module in modules if module.kind == ROTATION}
    roles = {rotation.role for rotation in quantization.rotations}
    for rotation in quantization.rotations:
        yield from _needed(rotation, quantization.path, modules, stored)
    for name, matrix in stored.items():
        if name.rpartition(".")[2] not in roles and "weight" in matrix.tensors:
            what = "is a rotation that transform_config does not declare: nothing applies it"
            yield Found(Where(tensor=matrix.tensor("weight")), what, FIX)


def _needed(rotation: Rotation, path: str, modules: Modules, stored: dict[str, Module]) -> Findings:
    sizes = dict(_sizes(rotation, modules))
    held = set()
    for module, size in sizes.items():
        matrix = stored.get(f"{module}.{rotation.role}")
        info = matrix.tensors.get("weight") if matrix else None
        if matrix is None or info is None:
            continue
        held.add(size)
        if info.shape != (size, size):
            what = f"is {list(info.shape)}, its rotation is {size} x {size}"
            yield Found(Where(tensor=matrix.tensor("weight")), what, FIX)
    for size in sorted({*sizes.values()} - held):
        where = in_config(f"{path}.transform_config.config_groups.{rotation.name}")
        needing = sum(each == size for each in sizes.values())
        what = (
            f"no {rotation.role}.weight of {size} x {size} is stored; {needing:,} modules need it"
        )
        yield Found(where, what, FIX)


def _sizes(rotation: Rotation, modules: Modules) -> Iterator[tuple[str, int]]:
    """The modules that a rotation matches, and the size of the matrix of each."""
    classes = {module.name: module.classes for module in modules if module.shape}
    ignored = Targets(rotation.ignore).match(classes)
    for name, targets in Targets(rotation.targets).match(classes).items():
        shape = modules.items[name].shape
        if targets and shape and not ignored[name]:
            yield name, rotation.size or shape[rotation.location == INPUT]
