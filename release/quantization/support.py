"""What vLLM 0.32 can serve: its kernels as one table, in the order in which it tries them.

Source: vllm's compressed_tensors.py (`_get_scheme_from_parts`), compressed_tensors_moe.py
(`get_moe_method`) and the checks of the classes that they make.
"""

from collections.abc import Sequence

import msgspec

from release.quantization.arguments import Args
from release.quantization.formats import (
    E8M0_SCALE,
    FLOAT,
    INT,
    MX_GROUP,
    NAIVE,
    NVFP4,
    NVFP4_GROUP,
    PACKED,
)

# Compute capabilities of GPUs that people have: V100, T4, A100, A10, L4, H100, B200, RTX 50.
CAPABILITIES = (70, 75, 80, 86, 89, 90, 100, 120)
HOPPER = 90

ACTIVATION_FORMATS = frozenset({NAIVE, INT, FLOAT, NVFP4})
CHANNEL_OR_GROUP = ("channel", "group")
INTEGER_BITS = tuple(range(2, 9))


class Takes(msgspec.Struct, frozen=True):
    """The arguments that a kernel takes on one side; None for whatever it does not look at."""

    type: str | None = None
    bits: tuple[int, ...] | None = None
    strategies: tuple[str, ...] | None = None
    group_size: int | None = None
    symmetric: bool | None = None
    dynamic: bool | None = None
    scale_dtype: str | None = None

    def all_of(self, args: Args) -> bool:
        """Whether every argument is one of these."""
        wanted = (
            (self.type, args.type),
            (self.group_size, args.group_size),
            (self.symmetric, args.symmetric),
            (self.dynamic, bool(args.dynamic)),
            (self.scale_dtype, args.scale_dtype),
        )
        return (
            all(value is None or value == given for value, given in wanted)
            and (self.bits is None or args.num_bits in self.bits)
            and (self.strategies is None or args.strategy in self.strategies)
        )


ANYTHING = Takes()


class Kernel(msgspec.Struct, frozen=True):
    """One way to serve a layer. `capability` is the lowest that has it, the only one if `only`.

    Without it vLLM stops, or goes on to the next kernel if `passed` (or `only`).
    `inputs` None: weight-only; `optional`: weight-only too. `outputs` as `inputs`, where they must
    be quantized. `formats` None: whatever the format is called.
    """

    name: str
    weights: Takes
    inputs: Takes | None
    capability: int
    formats: frozenset[str] | None = None
    outputs: Takes | None = None
    optional: bool = False
    only: bool = False
    passed: bool = False

    def runs_on(self, capability: int) -> bool:
        """Whether a GPU of this capability has the kernel."""
        return capability == self.capability if self.only else capability >= self.capability

    def takes(self, group: "Parts") -> bool:
        """Whether it is the kernel for these arguments in this format."""
        if self.formats is not None and group.format not in self.formats:
            return False
        if group.inputs is None:
            fits = self.inputs is None or self.optional
        else:
            fits = self.inputs is not None and self.inputs.all_of(group.inputs)
        if self.outputs is not None:
            fits = fits and group.outputs is not None and self.outputs.all_of(group.outputs)
        return fits and self.weights.all_of(group.weights)


class Parts(msgspec.Struct, frozen=True):
    """What vLLM looks at in a config group."""

    weights: Args
    inputs: Args | None
    outputs: Args | None
    format: str | None


def _of(takes: Takes, strategy: str) -> Takes:
    return msgspec.structs.replace(takes, strategies=(strategy,))


_FP4 = Takes("float", (4,), ("tensor_group",), NVFP4_GROUP, symmetric=True)
_MX4 = Takes("float", (4,), ("group",), MX_GROUP, symmetric=True)
_MX8 = Takes("float", (8,), ("group",), MX_GROUP, symmetric=True, scale_dtype=E8M0_SCALE)
_MX4_STATIC = msgspec.structs.replace(_MX4, dynamic=False)
_FP8_TOKENS = Takes("float", (8,), ("token", "group"), symmetric=True, dynamic=True)
_FP8_TOKEN = Takes("float", (8,), ("token",), symmetric=True, dynamic=True)
_INT4 = Takes("int", (4,), ("group",), 128, symmetric=True, dynamic=False)
_INTEGERS = Takes("int", INTEGER_BITS, CHANNEL_OR_GROUP, dynamic=False)
_SOME_INTEGERS = Takes("int", (2, 4, 8), CHANNEL_OR_GROUP, dynamic=False)
_PACKED = Takes(None, INTEGER_BITS, CHANNEL_OR_GROUP, dynamic=False)
_FP8 = Takes("float", None, ("tensor", "channel"), symmetric=True, dynamic=False)
_FP8_BLOCK = Takes("float", None, ("block",), symmetric=True, dynamic=False)
_FP8_ANY = Takes("float", None, ("tensor", "channel", "block"), symmetric=True, dynamic=False)
_INT8 = Takes(None, (8,), ("tensor", "channel"), symmetric=True, dynamic=False)
_STATIC8 = Takes("int", (8,), ("tensor",), dynamic=False)
_STATIC_FP8 = Takes("float", None, ("tensor",), symmetric=True, dynamic=False)
_DYNAMIC_FP8 = Takes("float", dynamic=True)
_TOKENS8 = Takes("int", (8,), ("token", "group"), symmetric=True, dynamic=True)
_TOKENS4 = Takes("int", (4,), ("token", "group"), symmetric=True, dynamic=True)
_INT_OR_PACKED, _ONLY_PACKED = frozenset({PACKED, INT}), frozenset({PACKED})

LINEAR_KERNELS = (
    Kernel("W4A4Fp4", _FP4, _FP4, 75, optional=True),
    Kernel("W4A8Mxfp4", _MX4_STATIC, _FP8_TOKENS, 80),
    Kernel("W4A4Mxfp4", _MX4, ANYTHING, 80, optional=True),
    Kernel("W8A8Mxfp8", _MX8, ANYTHING, 75, optional=True),
    Kernel("W4A8Fp8", _INT4, _FP8_TOKEN, HOPPER, only=True),
    Kernel("WNA8O8Int", _SOME_INTEGERS, _STATIC8, 70, _INT_OR_PACKED, outputs=_STATIC8),
    Kernel("WNA8Int", _INTEGERS, _TOKENS8, 75, _ONLY_PACKED),
    Kernel("WNA4Int", _INTEGERS, _TOKENS4, 75, _ONLY_PACKED),
    Kernel("WNA16", _PACKED, None, 75, _ONLY_PACKED),
    Kernel("W8A8Fp8", _FP8_ANY, _DYNAMIC_FP8, 89, ACTIVATION_FORMATS, passed=True),
    Kernel("W8A8Fp8", _FP8, _STATIC_FP8, 89, ACTIVATION_FORMATS, passed=True),
    Kernel("W8A16Fp8", _FP8, ANYTHING, 75, ACTIVATION_FORMATS, optional=True),
    Kernel("W8A16Fp8", _FP8_BLOCK, Takes(dynamic=True), 75, ACTIVATION_FORMATS, optional=True),
    Kernel(
        "W8A8Int8", _INT8, Takes(None, (8,), ("tensor",), dynamic=False), 75, ACTIVATION_FORMATS
    ),
    Kernel("W8A8Int8", _INT8, Takes(None, (8,), ("token",), dynamic=True), 75, ACTIVATION_FORMATS),
    Kernel(
        "W4A8Int",
        Takes("int", (4,), CHANNEL_OR_GROUP, symmetric=True, dynamic=False),
        Takes("int", (8,), ("token",), dynamic=True),
        1,
        ACTIVATION_FORMATS,
    ),
)

EXPERT_KERNELS = (
    Kernel("W4A8Mxfp4", _MX4_STATIC, _FP8_TOKENS, 80),
    Kernel("W4A4Mxfp4", _MX4, ANYTHING, 80, optional=True),
    Kernel("W8A8Mxfp8", _MX8, ANYTHING, 75, optional=True),
    Kernel("WNA16", _PACKED, None, 75, _ONLY_PACKED),
    Kernel("W4A4Nvfp4", _FP4, _FP4, 75, optional=True),
    Kernel("W8A8Fp8", _of(_FP8_ANY, "tensor"), _STATIC_FP8, 75),
    Kernel("W8A8Fp8", _of(_FP8_ANY, "tensor"), _of(_DYNAMIC_FP8, "tensor"), 75),
    Kernel("W8A8Fp8", _of(_FP8_ANY, "channel"), _of(_DYNAMIC_FP8, "token"), 75),
    Kernel("W8A8Fp8", _FP8_BLOCK, _DYNAMIC_FP8, 75),
    Kernel("W8A8Int8", _of(_INT8, "channel"), Takes(None, (8,), ("token",), dynamic=True), 75),
    Kernel("W4A8Fp8", _INT4, _FP8_TOKEN, HOPPER, only=True),
    Kernel(
        "W4A8Int8",
        Takes("int", (4,), CHANNEL_OR_GROUP, symmetric=True, dynamic=False),
        Takes("int", (8,), ("token",), dynamic=True),
        1,
    ),
)

TABLES = Takes("int", None, CHANNEL_OR_GROUP, dynamic=False)


def find_kernel(kernels: Sequence[Kernel], group: Parts, capability: int) -> Kernel | None:
    """The kernel that vLLM takes on a GPU of this capability (90 is 9.0), if it has one."""
    for kernel in kernels:
        if kernel.takes(group):
            if kernel.runs_on(capability):
                return kernel
            if not (kernel.only or kernel.passed):
                return None
    return None


def lowest_capability(kernels: Sequence[Kernel], group: Parts) -> int | None:
    """The lowest of the known capabilities that can serve a group; None if none can."""
    return next((c for c in CAPABILITIES if find_kernel(kernels, group, c)), None)
