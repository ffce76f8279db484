"""Values in the bytes: what every header is silent about."""

import struct
from collections.abc import Callable

from tests.mutate import Draft
from tests.mutations.fault import Fault

GATE, UP = "model.layers.1.mlp.gate_proj", "model.layers.1.mlp.up_proj"
DOWN, ATTENTION = "model.layers.1.mlp.down_proj", "model.layers.1.self_attn"
NORM = "model.layers.1.input_layernorm.weight"
NVFP4, FP8, STATIC, KV = (
    ("llama-nvfp4",),
    ("llama-fp8-dynamic",),
    ("llama-fp8-static",),
    ("qwen3-fp8-kv",),
)
BF16_NAN, BF16_ZERO, BF16_MINUS = b"\xc0\x7f", b"\0\0", b"\x80\xbf"


def put(tensor: str, values: bytes, at: int = 0) -> Callable[[Draft], Draft]:
    """Overwrite bytes from `at` on."""
    return lambda draft: draft.patch(tensor, values, at)


def copied(tensor: str, other: str) -> Callable[[Draft], Draft]:
    """Write one tensor's values a second time, over another's."""
    return lambda draft: draft.patch(other, draft.bytes_of(tensor))


def zeroed(tensor: str) -> Callable[[Draft], Draft]:
    """Write zeros over a whole tensor."""
    return lambda draft: draft.patch(tensor, bytes(len(draft.bytes_of(tensor))))


def inverted(draft: Draft) -> Draft:
    """Store a global scale as another tool does: as its inverse."""
    name = f"{DOWN}.weight_global_scale"
    (scale,) = struct.unpack("<f", draft.bytes_of(name))
    return draft.patch(name, struct.pack("<f", 1 / scale))


def doubled(draft: Draft) -> Draft:
    """Give one of two fused projections a global scale of its own."""
    name = f"{GATE}.weight_global_scale"
    (scale,) = struct.unpack("<f", draft.bytes_of(name))
    return draft.patch(name, struct.pack("<f", scale * 1.25))


FAULTS = (
    Fault("V101", "a NaN in a norm", put(NORM, BF16_NAN, 6), NORM, (*NVFP4, *FP8)),
    Fault("V101", "an FP8 NaN", put(f"{DOWN}.weight", b"\x7f", 5), f"{DOWN}.weight", FP8),
    Fault(
        "V102", "a NaN scale", put(f"{DOWN}.weight_scale", BF16_NAN), f"{DOWN}.weight_scale", FP8
    ),
    Fault(
        "V102",
        "a NaN block scale",
        put(f"{DOWN}.weight_scale", b"\x7f"),
        f"{DOWN}.weight_scale",
        NVFP4,
    ),
    Fault(
        "V103",
        "a scale of zero",
        put(f"{DOWN}.weight_scale", BF16_ZERO),
        f"{DOWN}.weight_scale",
        FP8,
    ),
    Fault(
        "V103",
        "a block scale of zero",
        put(f"{DOWN}.weight_scale", b"\0", 9),
        f"{DOWN}.weight_scale",
        NVFP4,
    ),
    Fault(
        "V104",
        "a negative scale",
        put(f"{DOWN}.weight_scale", BF16_MINUS),
        f"{DOWN}.weight_scale",
        FP8,
        ("V106",),
    ),
    Fault("V107", "a global scale of ModelOpt", inverted, f"{DOWN}.weight_global_scale", NVFP4),
    Fault("V109", "fused global scales apart", doubled, "model.layers.1.mlp.gate_up_proj", NVFP4),
    Fault(
        "V110",
        "an activation's scale of zero",
        put(f"{DOWN}.input_scale", BF16_ZERO),
        f"{DOWN}.input_scale",
        STATIC,
    ),
    Fault(
        "V110",
        "a global activation scale of zero",
        put(f"{DOWN}.input_global_scale", bytes(4)),
        f"{DOWN}.input_global_scale",
        NVFP4,
    ),
    Fault(
        "V112",
        "a key scale of zero",
        put(f"{ATTENTION}.k_scale", BF16_ZERO),
        f"{ATTENTION}.k_scale",
        KV,
    ),
    Fault("V113", "a projection of zeros", zeroed(f"{DOWN}.weight"), f"{DOWN}.weight", FP8),
    Fault("V113", "packed zeros", zeroed(f"{DOWN}.weight_packed"), f"{DOWN}.weight_packed", NVFP4),
    Fault(
        "V120",
        "one projection written twice",
        copied(f"{GATE}.weight", f"{UP}.weight"),
        f"{UP}.weight",
        FP8,
    ),
)
