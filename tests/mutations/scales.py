"""Scales that are no numbers, too small, too large, placeholders, or apart from their siblings'."""

import struct
from collections.abc import Callable

from tests.checks.values.floats import bf16, f32
from tests.mutate import Draft
from tests.mutations.fault import Fault

LAYER = "model.layers.1"
GATE, UP, DOWN = (f"{LAYER}.mlp.{part}_proj" for part in ("gate", "up", "down"))
ATTENTION, EXPERT = f"{LAYER}.self_attn", f"{LAYER}.mlp.experts.3"
NAN, INF = float("nan"), float("inf")
NVFP4, DYNAMIC, STATIC, KV = "llama-nvfp4", "llama-fp8-dynamic", "llama-fp8-static", "qwen3-fp8-kv"


def put(  # noqa: PLR0913 - a row of the table
    rule: str,
    name: str,
    tensor: str,
    raw: bytes,
    on: str,
    *,
    place: int = 0,
    at: str = "",
    also: tuple[str, ...] = (),
) -> Fault:
    """Overwrite a few bytes of a tensor, which is where the fault is unless `at` says another."""

    def change(draft: Draft) -> Draft:
        return draft.patch(tensor, raw, place)

    return Fault(rule, name, change, at or tensor, (on,), also)


def recomputed(tensor: str, change: Callable[[float], float]) -> Callable[[Draft], Draft]:
    """Change a global scale as a number."""

    def changed(draft: Draft) -> Draft:
        (scale,) = struct.unpack("<f", draft.bytes_of(tensor))
        return draft.patch(tensor, f32(change(scale)))

    return changed


WEIGHT_SCALES = (
    put("V102", "a NaN scale", f"{DOWN}.weight_scale", bf16(NAN), DYNAMIC),
    put("V102", "a NaN block scale", f"{UP}.weight_scale", b"\x7f", NVFP4, place=9),
    put("V102", "a NaN exponent", f"{UP}.weight_scale", b"\xff", "llama-mxfp4", place=9),
    put("V102", "an infinite scale", f"{UP}.weight_scale", bf16(INF), "llama-w4a16", place=8),
    put("V103", "a scale of zero", f"{DOWN}.weight_scale", bf16(0), DYNAMIC),
    put("V103", "a block scale of zero", f"{UP}.weight_scale", b"\0", NVFP4, place=9),
    put("V103", "a group's scale of zero", f"{UP}.weight_scale", bf16(0), "llama-w8a16", place=8),
    put("V103", "a tensor's scale of zero", f"{UP}.weight_scale", bf16(0), STATIC),
    put("V103", "the smallest exponent", f"{UP}.weight_scale", b"\0", "llama-mxfp4", place=9),
    put("V104", "a negative scale", f"{UP}.weight_scale", bf16(-0.01), DYNAMIC, place=8),
    put("V104", "a negative block scale", f"{UP}.weight_scale", b"\xe0", NVFP4, place=9),
    put("V105", "tiny scales", f"{UP}.weight_scale", bf16(2.0**-128) * 60, DYNAMIC, place=8),
    put("V106", "a scale far off", f"{UP}.weight_scale", bf16(4.0), "llama-w8a8-int8", place=8),
    put("V106", "a tensor's scale far off", f"{UP}.weight_scale", bf16(6144.0), STATIC),
    put("V118", "an exponent of 241", f"{UP}.weight_scale", b"\xf1", "llama-mxfp8", place=17),
)
GLOBAL_SCALES = (
    *(
        put("V107", f"a global scale of {v:g}", f"{DOWN}.weight_global_scale", f32(v), NVFP4)
        for v in (0.0, NAN, INF, -3e4, 3e-5)
    ),
    Fault(
        "V107",
        "a global scale of ModelOpt",
        recomputed(f"{DOWN}.weight_global_scale", lambda scale: 1 / scale),
        f"{DOWN}.weight_global_scale",
        (NVFP4,),
    ),
    put("V108", "a placeholder", f"{DOWN}.weight_global_scale", f32(1.0), NVFP4),
    Fault(
        "V109",
        "fused global scales apart",
        recomputed(f"{GATE}.weight_global_scale", lambda scale: scale * 1.25),
        f"{LAYER}.mlp.gate_up_proj",
        (NVFP4, "llama-nvfp4a16"),
    ),
    put(
        "V109",
        "an expert's global scales apart",
        f"{EXPERT}.up_proj.weight_global_scale",
        f32(2e4),
        "qwen3_moe-nvfp4",
        at=f"{EXPERT}.w13",
    ),
)
OTHER_SCALES = (
    put("V110", "an activation's scale of zero", f"{DOWN}.input_scale", bf16(0), STATIC),
    put("V110", "an activation's NaN scale", f"{DOWN}.input_scale", bf16(NAN), STATIC),
    put("V110", "a global activation scale of zero", f"{DOWN}.input_global_scale", f32(0), NVFP4),
    put(
        "V111",
        "siblings' activation scales apart",
        f"{ATTENTION}.v_proj.input_scale",
        bf16(2.0),
        STATIC,
        at=f"{ATTENTION}.qkv_proj",
    ),
    put("V112", "a key scale of zero", f"{ATTENTION}.k_scale", bf16(0), KV),
    put("V112", "a value scale of zero", f"{ATTENTION}.v_scale", bf16(0), KV),
)
FAULTS = (*WEIGHT_SCALES, *GLOBAL_SCALES, *OTHER_SCALES)
