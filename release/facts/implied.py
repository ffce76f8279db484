"""The tensors that a bare config.json implies, as if they were stored: names, dtypes, shapes."""

from collections.abc import Iterator

from release.architecture import Architecture, ModelConfig
from release.architecture.skeleton import Expected
from release.checkpoint.header import DTYPE_BITS, TensorInfo, product
from release.facts.basics import Implied, Tensors
from release.facts.modules import CLASSES, OTHER_CLASSES
from release.quantization.config import QuantizationConfig
from release.quantization.match import Resolver
from release.quantization.schemes import Scheme, Slot, scheme_of
from release.unknown import Unknown

STORED = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
PLAIN_SCALES = "BF16"  # what llm-compressor writes beside weights of that dtype
MATRIX = 2


def imply_tensors(
    config: ModelConfig, architecture: Architecture | Unknown, quantization: QuantizationConfig
) -> Tensors | Unknown:
    """Lay out every module as the declared scheme would store it; the MTP head is left out.

    Unknown where the architecture is, or a scheme has no layout.
    """
    if isinstance(architecture, Unknown):
        return architecture
    dtype = STORED.get(config.dtype or "bfloat16")
    if dtype is None:
        return Unknown(f"config.json: dtype {config.dtype!r:.40} has no size we know")
    modules = architecture.modules
    classes = {
        name: OTHER_CLASSES if expected.float_only else CLASSES.get(expected.kind, OTHER_CLASSES)
        for name, expected in modules.items()
    }
    claims = Resolver(quantization.groups, quantization.ignore).claims(classes)
    schemes = {group.name: scheme_of(group, quantization) for group in quantization.groups}
    found: dict[str, dict[str, TensorInfo]] = {}
    # The experts of a block are of few kinds, each one object.
    laid: dict[tuple[int, int], dict[str, TensorInfo]] = {}
    for name, expected in modules.items():
        group = claims[name].group
        scheme = schemes[group] if group and expected.kind in CLASSES else None
        if isinstance(scheme, Unknown):
            return scheme
        key = id(expected), id(scheme)
        if key not in laid:
            laid[key] = dict(_lay_out(expected, scheme, dtype))
        found[name] = laid[key]
    return Implied(found)


def _lay_out(
    expected: Expected, scheme: Scheme | None, dtype: str
) -> Iterator[tuple[str, TensorInfo]]:
    """The tensors of one module by role."""
    for role, shape in expected.tensors.items():
        if role == "weight" and scheme is not None and len(shape) == MATRIX:
            yield from ((slot.role, _slot(scheme, slot, shape)) for slot in scheme.slots)
        else:
            yield role, _info(dtype, shape)


def _slot(scheme: Scheme, slot: Slot, shape: tuple[int, ...]) -> TensorInfo:
    dtype = PLAIN_SCALES if PLAIN_SCALES in slot.dtypes else slot.dtypes[0]
    return _info(dtype, scheme.expected_shape(slot, shape[0], shape[1]))


def _info(dtype: str, shape: tuple[int, ...]) -> TensorInfo:
    return TensorInfo(dtype, shape, "", 0, product(shape) * DTYPE_BITS[dtype] // 8)
