"""The values of `weight_shape`: 8 or 16 bytes beside each weight that is packed in words."""

from release.checkpoint import TensorInfo
from release.facts.modules import MATRIX, Modules
from release.facts.scan import TensorValues

ROLE = "weight_shape"
WIDTHS = {"I64": 8, "I32": 4}  # bytes

PackedShapes = dict[str, tuple[int, ...]]


def provide_packed_shapes(modules: Modules, tensor_values: TensorValues) -> PackedShapes:
    """Give the stored (out, in) of every module that has one, by its name."""
    shapes = {}
    for module in modules:
        info = module.tensors.get(ROLE)
        if info is None or info.dtype not in WIDTHS or info.elements != MATRIX:
            continue
        seen = tensor_values.get(module.tensor(ROLE))
        if seen is not None:  # its file may end before it
            shapes[module.name] = _integers(seen.head, info)
    return shapes


def _integers(raw: bytes, info: TensorInfo) -> tuple[int, ...]:
    width = WIDTHS[info.dtype]
    return tuple(
        int.from_bytes(raw[start : start + width], "little", signed=True)
        for start in range(0, len(raw), width)
    )
