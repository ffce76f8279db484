"""What the scan measured, tensor by tensor, in the groups that the value rules judge."""

import struct

import msgspec

from release.architecture.numbering import EXPERTS
from release.checkpoint import TensorInfo
from release.facts.layouts import Layouts
from release.facts.modules import Module, Modules
from release.facts.scan import WEIGHTS, TensorValues
from release.quantization.schemes import CACHE_SCALES, COMPANIONS, Scheme
from release.scan.values import Hits, Values
from release.unknown import Unknown

WEIGHT_SCALES = frozenset({"weight_scale", "weight_scale_inv"})
ACTIVATION_SCALES = frozenset({"input_scale", "input_global_scale", "output_scale"})
GLOBAL_SCALE, ZERO_POINT, GROUP_INDEX = "weight_global_scale", "weight_zero_point", "weight_g_idx"
MATRIX = 2
FP4_LARGEST, E4M3_LARGEST = 6.0, 448.0


class Measure(msgspec.Struct, frozen=True):
    """One tensor: whose it is, how it is stored, what it holds."""

    module: Module
    role: str
    info: TensorInfo
    values: Values

    @property
    def tensor(self) -> str:
        """Its full name."""
        return self.module.tensor(self.role)

    @property
    def compared(self) -> str:
        """The name that a comparison has for it: of what is quantized the module."""
        return self.module.name if self.module.quantized else self.tensor

    @property
    def scheme(self) -> Scheme | None:
        """The scheme of its module, if one is known and its tensors are quantized."""
        return self.module.known_scheme

    @property
    def expert(self) -> bool:
        """Whether it belongs to one of many routed experts."""
        return EXPERTS in self.module.name

    def place(self, word: int | None) -> str:
        """Where a word is, for people: `row 5, column 17`."""
        shape = self.info.shape
        if word is None or len(shape) < MATRIX or self.values.words <= 1:
            return f"index {word or 0}"
        columns = max(1, self.values.words // shape[0])
        row, column = divmod(word, columns)
        return f"row {row:,}" if columns == 1 else f"row {row:,}, column {column:,}"

    def count(self, hits: Hits) -> str:
        """How many words of how many, and where the first is."""
        if self.values.words == 1:
            return "its only value"
        first = self.place(hits.first)
        return f"{hits.count:,} of {self.values.words:,} values, the first at {first}"


class Measures(msgspec.Struct, frozen=True):
    """Every tensor that was read, by what it is.

    `weights` are stored weights, quantized or not; `others` floats beside them (biases, A_log);
    `scales` those of weights, `global_scales` NVFP4's, `activation_scales` static ones of inputs
    and outputs, `cache_scales` those of queries, keys and values.
    """

    weights: tuple[Measure, ...]
    others: tuple[Measure, ...]
    scales: tuple[Measure, ...]
    global_scales: tuple[Measure, ...]
    zero_points: tuple[Measure, ...]
    group_indices: tuple[Measure, ...]
    activation_scales: tuple[Measure, ...]
    cache_scales: tuple[Measure, ...]


def provide_measures(
    stored_modules: Modules, tensor_values: TensorValues, layouts: Layouts | Unknown
) -> Measures:
    """Sort every tensor by its role; values under another dtype than their own (T106) are noise."""
    mistyped = set()
    if not isinstance(layouts, Unknown):
        mistyped = {fault.module for fault in layouts.dtypes}
    groups: dict[str, list[Measure]] = {name: [] for name in Measures.__struct_fields__}
    for module in stored_modules:
        if module.name in mistyped:
            continue
        for role, info in module.tensors.items():
            found = tensor_values.get(module.tensor(role))
            group = _group(role)
            if found is not None and group is not None:
                groups[group].append(Measure(module, role, info, found))
    return Measures(**{name: tuple(group) for name, group in groups.items()})


def amax(weight: Measure, scale: Measure, divisor: float = 1.0) -> float | None:
    """The largest magnitude of a quantized weight, as its scales imply it.

    Largest scale times largest code (6 of FP4, 448 of E4M3, the integer range), over NVFP4's
    global scale. None without a scheme that says what a code is.
    """
    scheme = weight.scheme
    if scheme is None or not divisor:
        return None
    bits = scheme.weights.num_bits
    if scheme.weights.type == "float":
        code = FP4_LARGEST if bits == 4 else E4M3_LARGEST  # noqa: PLR2004 - bits
    else:
        code = ((1 << bits) - 1) / 2
    return code * scale.values.top / divisor


def scalar(measure: Measure) -> float:
    """The first value of a scale, NaN and Inf as they are. 0 for dtypes that are no float."""
    raw, dtype = measure.values.head, measure.info.dtype
    if dtype == "BF16":
        raw, dtype = b"\0\0" + raw[:2], "F32"
    form, size = {"F32": ("<f", 4), "F16": ("<e", 2)}.get(dtype, ("", 0))
    return float(struct.unpack(form, raw[:size])[0]) if size and len(raw) >= size else 0.0


def by_module(group: tuple[Measure, ...]) -> dict[str, Measure]:
    """One group's measures by the names of their modules."""
    return {measure.module.name: measure for measure in group}


def _group(role: str) -> str | None:
    for name, roles in _GROUPS.items():
        if role in roles:
            return name
    return None if role in COMPANIONS else "others"


_GROUPS: dict[str, frozenset[str]] = {
    "weights": WEIGHTS,
    "scales": WEIGHT_SCALES,
    "global_scales": frozenset({GLOBAL_SCALE}),
    "zero_points": frozenset({ZERO_POINT}),
    "group_indices": frozenset({GROUP_INDEX}),
    "activation_scales": ACTIVATION_SCALES,
    "cache_scales": frozenset(role for role in CACHE_SCALES if role.endswith("_scale")),
}
