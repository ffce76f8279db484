"""Weights and codes: what every header is silent about."""

from collections.abc import Callable

from tests.checks.values.floats import bf16, flip
from tests.mutate import Draft
from tests.mutations.fault import Fault
from tests.mutations.scales import DOWN, DYNAMIC, EXPERT, GATE, INF, LAYER, NAN, NVFP4, UP, put

QUERY, OTHER_EXPERT = f"{LAYER}.self_attn.q_proj", f"{LAYER}.mlp.experts.5"
NORM, HEAD = f"{LAYER}.input_layernorm.weight", "lm_head.weight"
MOE, INT8, BLOCK, W4 = "qwen3_moe-fp8", "llama-w8a8-int8", "llama-fp8-block", "llama-w4a16"


def changed(rule: str, name: str, tensor: str, change: Callable[[bytes], bytes], on: str) -> Fault:
    """Change all bytes of a tensor."""
    return Fault(rule, name, lambda draft: draft.change(tensor, change), tensor, (on,))


def repeated(raw: bytes) -> Callable[[bytes], bytes]:
    """The same few bytes over a whole tensor."""
    return lambda before: raw * (len(before) // len(raw))


def masked(keep: int) -> Callable[[bytes], bytes]:
    """Clear the same bits of every byte."""
    return lambda before: flip(before, keep=keep)


def quartered(raw: bytes) -> bytes:
    """INT8 codes of a scale that is four times too large."""
    signed = (int.from_bytes([byte], "little", signed=True) for byte in raw)
    return b"".join(round(code / 4).to_bytes(1, "little", signed=True) for code in signed)


def copied(source: str, tensor: str, on: str) -> Fault:
    """Write one tensor's values a second time, over another's."""

    def change(draft: Draft) -> Draft:
        return draft.patch(tensor, draft.bytes_of(source))

    return Fault("V120", f"{source} written twice", change, tensor, (on,))


def all_in_one_group(draft: Draft) -> Draft:
    """A tensor that older releases wrote: every column is in the first of two groups."""
    draft.config("quantization_config.config_groups.group_0.weights.actorder", "group")
    index = f"{DOWN}.weight_g_idx"
    return draft.add(index, "I32", [256], beside=f"{DOWN}.weight_packed")


GROUPS = Fault(
    "V121", "columns in one group", all_in_one_group, f"{DOWN}.weight_g_idx", (W4,), ("Q117",)
)
NO_NUMBERS = (
    put("V101", "a NaN in a norm", NORM, bf16(NAN), NVFP4, place=6),
    put("V101", "a NaN in a norm", NORM, bf16(NAN), DYNAMIC, place=6),
    put("V101", "an FP8 NaN", f"{DOWN}.weight", b"\x7f", DYNAMIC, place=5),
    put("V101", "a negative FP8 NaN", f"{QUERY}.weight", b"\xff", BLOCK, place=5),
    put("V101", "an MXFP8 NaN", f"{DOWN}.weight", b"\x7f", "llama-mxfp8", place=5),
    put("V101", "an infinity in the head", HEAD, bf16(INF), NVFP4, place=4),
    put("V101", "a NaN in a bias", f"{QUERY}.bias", bf16(NAN), "qwen2-bias-int8", place=4),
    put("V119", "a norm of 32,768", "model.norm.weight", bf16(32_768.0), NVFP4),
)
NOTHING = (
    changed("V113", "a projection of zeros", f"{DOWN}.weight", repeated(b"\0"), DYNAMIC),
    changed("V113", "packed zeros", f"{DOWN}.weight_packed", repeated(b"\0"), NVFP4),
    changed("V113", "one code only", f"{UP}.weight_packed", repeated(b"\x77"), W4),
    changed("V113", "a head of zeros", HEAD, repeated(b"\0"), NVFP4),
    put("V115", "pages never written", HEAD, bytes(70_000), NVFP4, place=10_100),
    put("V114", "nine rows of zeros", f"{UP}.weight", bytes(128 * 9), DYNAMIC),
)
CODES = (
    changed("V116", "codes at a quarter", f"{UP}.weight", quartered, INT8),
    changed("V117", "FP8 without signs", f"{UP}.weight", masked(0x7F), DYNAMIC),
    changed("V117", "FP4 without signs", f"{UP}.weight_packed", masked(0x77), NVFP4),
    changed("V118", "INT8 rounded twice", f"{UP}.weight", masked(0xF0), INT8),
    copied(f"{GATE}.weight", f"{UP}.weight", DYNAMIC),
    copied(f"{GATE}.weight_packed", f"{UP}.weight_packed", NVFP4),
    copied(f"{EXPERT}.down_proj.weight", f"{OTHER_EXPERT}.down_proj.weight", MOE),
)
FAULTS = (*NO_NUMBERS, *NOTHING, *CODES, GROUPS)
