"""Single codes, columns, stretches and conventions: what a mean over a tensor does not show."""

import struct
from collections.abc import Callable
from functools import partial

import numpy as np

from release.quantization.decoding import to_float32
from tests.checks.values.floats import bf16
from tests.mutate import Draft
from tests.mutations.fault import Fault, several

LAYER = "model.layers.1"
DOWN, UP, EXPERT = f"{LAYER}.mlp.down_proj", f"{LAYER}.mlp.up_proj", f"{LAYER}.mlp.experts.5"
VALUE, TOKENIZER = f"{LAYER}.self_attn.v_scale", "tokenizer.json"
FP8, INT8, SMOOTH = "llama-fp8-dynamic", "llama-w8a8-int8", "llama-w8a8-smoothquant"
NVFP4, MXFP4, MOE = "llama-nvfp4", "llama-mxfp4", "qwen3_moe-nvfp4"
ROUNDED = (FP8, INT8, NVFP4, MXFP4, "llama-w4a16", "llama-w3a16", "llama-w4a16-asym", "llama-mxfp8")


def weight(draft: Draft, module: str) -> str:
    """Where the codes are."""
    packed = f"{module}.weight_packed"
    return packed if packed in draft.tensors() else f"{module}.weight"


def flipped(draft: Draft) -> Draft:
    """One bit in the middle: of the largest that a code has."""
    name = weight(draft, DOWN)
    bit = 0x40 if name.endswith("weight") else 0x04

    def flip(raw: bytes) -> bytes:
        codes = np.frombuffer(raw, np.uint8).copy()
        small = np.flatnonzero(codes[2000:] & (bit << 1 | bit) == 0)  # a small positive number
        codes[2000 + small[0]] ^= bit
        return codes.tobytes()

    return draft.change(name, flip)


def without_column(draft: Draft) -> Draft:
    """Column 40 of the codes: of bytes, or of FP4."""
    name = weight(draft, DOWN)
    column, keep = (40, 0) if name.endswith("weight") else (20, 0xF0)

    def clear(raw: bytes) -> bytes:
        codes = np.frombuffer(raw, np.uint8).reshape(draft.shape(name)).copy()
        codes[:, column] &= keep
        return codes.tobytes()

    return draft.change(name, clear)


def tenth_more(raw: bytes) -> bytes:
    """The BF16 scale of channel 9."""
    values = to_float32(raw, "BF16").copy()
    values[9] *= 1.1
    return bf16(*values)


def every(end: str, change: Callable[[bytes], bytes]) -> Callable[[Draft], object]:
    """Change all tensors whose names end so."""

    def apply(draft: Draft) -> None:
        for name in [name for name in draft.tensors() if name.endswith(end)]:
            draft.change(name, change)

    return apply


def inverse(raw: bytes) -> bytes:
    """Of an F32 number."""
    return struct.pack("<f", 1 / struct.unpack("<f", raw)[0])


def ternary(raw: bytes) -> bytes:
    """FP8 that is 0 or as large as it gets."""
    codes = np.frombuffer(raw, np.uint8)
    ends = np.where(codes & 0x7F > np.median(codes & 0x7F), codes & 0x80 | 0x7E, 0)
    return ends.astype(np.uint8).tobytes()


def trained_on(raw: bytes) -> bytes:
    """BF16 values after a little training."""
    values = to_float32(raw, "BF16")
    noise = np.random.default_rng(len(raw)).standard_normal(len(values), np.float32)
    return bf16(*(values + 0.02 * values.std() * noise))


def expert_copied(draft: Draft) -> None:
    """Write expert 2 over expert 5."""
    for part in ("gate_proj", "up_proj", "down_proj"):
        draft.copy(f"{LAYER}.mlp.experts.2.{part}.weight_packed", f"{EXPERT}.{part}.weight_packed")


def plain_tokens(draft: Draft) -> Draft:
    """No added token is special."""
    tokens = draft.read(TOKENIZER)["added_tokens"]
    return draft.edit(TOKENIZER, "added_tokens", [t | {"special": False} for t in tokens])


def deeper(draft: Draft) -> Draft:
    """A base of three layers."""
    for name in [name for name in draft.tensors() if ".layers.1." in name]:
        other = name.replace(".layers.1.", ".layers.2.")
        draft.add(other, "BF16", draft.shape(name), beside=name).copy(name, other)
    return draft.config("num_hidden_layers", 3)


def zero_rows(start: int, stop: int) -> Callable[[Draft], object]:
    """Rows of the head."""
    return lambda d: d.patch("lm_head.weight", bytes(256 * (stop - start)), 256 * start)


OF_LLAMA = partial(Fault, base="llama")
FAULTS = (
    OF_LLAMA("B111", "one code", flipped, DOWN, ROUNDED),
    *(
        OF_LLAMA(
            rule,
            "a channel's scale, by a tenth",
            lambda d: d.change(f"{UP}.weight_scale", tenth_more),
            UP,
            (on,),
        )
        for rule, on in (("B111", INT8), ("B111", FP8))
    ),
    OF_LLAMA("B110", "a column of zeros", without_column, DOWN, (FP8, INT8, NVFP4, MXFP4, SMOOTH)),
    OF_LLAMA(
        "B101",
        "another training",
        lambda _: None,
        "checkpoint",
        (*ROUNDED, "llama-w4a16-gptq", "llama-w4a16-awq"),
        origin=lambda d: [d.change(name, trained_on) for name in d.tensors()],
    ),
    OF_LLAMA("B101", "a deeper model", lambda _: None, "checkpoint", (NVFP4,), origin=deeper),
    OF_LLAMA("B114", "tokens that are printed", plain_tokens, TOKENIZER, (NVFP4,)),
    *several(
        "V107",
        (NVFP4,),
        (
            "inverted scales of inputs",
            every("input_global_scale", inverse),
            f"{DOWN}.input_global_scale",
        ),
    ),
    *several("V118", (FP8,), ("ternary FP8", every("proj.weight", ternary), f"{DOWN}.weight")),
    *several(
        "V114",
        (NVFP4, FP8),
        ("half of a head", zero_rows(192, 384), "lm_head.weight"),
        ("the first tokens of a head", zero_rows(0, 150), "lm_head.weight"),
    ),
    *several("V120", (MOE,), ("an expert twice", expert_copied, EXPERT)),
    *several(
        "V112",
        ("qwen3-fp8-kv", "qwen3-kv-only"),
        ("an inverted scale of values", lambda d: d.patch(VALUE, bf16(546.0)), VALUE),
    ),
)
