"""In which forms a base may hold a weight: floats, FP8 and FP4 with their scales, or packed.

Bases are published quantized too: DeepSeek's and Qwen's in FP8 blocks, gpt-oss's experts in MXFP4,
others by llm-compressor. A form has the name and shape that the weight has without all that.
"""

from collections.abc import Iterable, Mapping

import msgspec

from release.checkpoint import TensorInfo
from release.comparison.pairing import Shape
from release.quantization.schemes import CACHE_SCALES, COMPANIONS, Scheme

PACKED, WEIGHT = "weight_packed", "weight"
BLOCKS, SCALES = "_blocks", "_scales"
SCALE_SUFFIXES = ("_scale_inv", "_scale")
OF_QUANTIZATION = (COMPANIONS | CACHE_SCALES) - {PACKED}
OF_ACTIVATIONS = ("activation_scale",)
FP8, BYTES, EXPONENTS = {"F8_E4M3", "F8_E5M2"}, {"I8", "U8"}, {"U8", "F8_E8M0"}
FP4_COLUMNS, FP4_GROUP = 2, 32
MATRIX = 2


class Packed(msgspec.Struct, frozen=True):
    """A weight of compressed-tensors: its (out, in), its scheme and its tensors by role."""

    module: str
    shape: tuple[int, int]
    scheme: Scheme
    tensors: dict[str, TensorInfo]


class Form(msgspec.Struct, frozen=True):
    """A weight as it is without scales and packing: its `shape`, and what it is made of.

    `scale` is FP8's or FP4's; `packed` is what only a scheme can decode. Of FP4 two columns are
    in each byte of `info`.
    """

    shape: Shape
    info: TensorInfo
    scale: TensorInfo | None = None
    packed: Packed | None = None

    @property
    def fp4(self) -> bool:
        """Whether a byte is two codes of E2M1."""
        return self.scale is not None and self.info.dtype in BYTES


def forms_of(tensors: Mapping[str, TensorInfo], packed: Iterable[Packed] = ()) -> dict[str, Form]:
    """Give every weight by the name it has unquantized. Scales are no weights, and left out."""
    forms: dict[str, Form] = {}
    known = {item.module: item for item in packed}
    for name, info in tensors.items():
        module, _, role = name.rpartition(".")
        if role in OF_QUANTIZATION or role.endswith(OF_ACTIVATIONS):
            continue
        if role in {PACKED, WEIGHT} and module in known:
            whole = known[module]
            forms[f"{module}.{WEIGHT}"] = Form(whole.shape, info, packed=whole)
        elif name.endswith(BLOCKS) and len(info.shape) > MATRIX and _scales_of(name) in tensors:
            stem = name.removesuffix(BLOCKS)
            forms[stem] = Form(_unpacked(info), info, tensors[_scales_of(name)])
        elif not _is_scale(name, tensors):
            forms[name] = _scaled(name, info, tensors)
    return forms


def _scaled(name: str, info: TensorInfo, tensors: Mapping[str, TensorInfo]) -> Form:
    found = next((tensors[s] for x in SCALE_SUFFIXES if (s := f"{name}{x}") in tensors), None)
    if found is None or len(info.shape) < MATRIX:
        return Form(info.shape, info)
    if info.dtype in FP8:
        return Form(info.shape, info, found)
    columns = info.shape[-1] * FP4_COLUMNS
    grouped = bool(found.shape) and found.shape[-1] == columns // FP4_GROUP
    if info.dtype in BYTES and found.dtype in EXPONENTS and grouped:
        return Form((*info.shape[:-1], columns), info, found)
    return Form(info.shape, info)


def _is_scale(name: str, tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether a tensor is the scale of another one beside it."""
    if name.endswith(SCALES):
        return f"{name.removesuffix(SCALES)}{BLOCKS}" in tensors
    stems = (name.removesuffix(x) for x in SCALE_SUFFIXES if name.endswith(x))
    return any(stem in tensors and tensors[stem].dtype in FP8 | BYTES for stem in stems)


def _scales_of(blocks: str) -> str:
    return f"{blocks.removesuffix(BLOCKS)}{SCALES}"


def _unpacked(info: TensorInfo) -> Shape:
    """gpt-oss keeps (experts, rows, groups, 16): groups of 32 columns, two to a byte."""
    *outer, groups, width = info.shape
    return (*outer, groups * width * FP4_COLUMNS)
