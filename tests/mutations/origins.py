"""Faults of order, origin and offset that only the base shows, on one scheme of each kind."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from release.quantization.decoding.floats import e4m3, to_float32
from tests.checks.values.floats import bf16
from tests.conftest import BASES
from tests.mutate import Draft, read_shard
from tests.mutations.fault import Fault

Array = npt.NDArray[Any]
Change = Callable[[bytes], bytes]

LAYER = "model.layers.1"
GATE, UP, DOWN = (f"{LAYER}.mlp.{part}_proj" for part in ("gate", "up", "down"))
QUERY, KEY, VALUE, OUT = (f"{LAYER}.self_attn.{part}_proj" for part in "qkvo")
NORM, OTHER_NORM = f"{LAYER}.input_layernorm.weight", f"{LAYER}.post_attention_layernorm.weight"
HEAD, TABLE = "lm_head.weight", "model.embed_tokens.weight"
NVFP4, MXFP4, MXFP8 = "llama-nvfp4", "llama-mxfp4", "llama-mxfp8"
FP8, STATIC, INT8, W3 = "llama-fp8-dynamic", "llama-fp8-static", "llama-w8a8-int8", "llama-w3a16"
W4, ASYM, GPTQ = "llama-w4a16", "llama-w4a16-asym", "llama-w4a16-gptq"
ORDERED, AWQ, SMOOTH = "llama-w4a16-gptq-actorder", "llama-w4a16-awq", "llama-w8a8-smoothquant"
EXPERT, MTP = f"{LAYER}.mlp.experts.3", "qwen3_5-mtp"
MOE, MOE_FP8 = "qwen3_moe-nvfp4", "qwen3_moe-fp8"


def stored(draft: Draft, module: str) -> str:
    """The tensor that has a module's codes."""
    packed = f"{module}.weight_packed"
    return packed if packed in draft.tensors() else f"{module}.weight"


def rows(change: Callable[[Array], Array], module: str) -> Callable[[Draft], Draft]:
    """Change a module's codes as rows of bytes."""

    def apply(draft: Draft) -> Draft:
        tensor = stored(draft, module)
        height = draft.shape(tensor)[0]
        return draft.change(
            tensor,
            lambda raw: np.ascontiguousarray(
                change(np.frombuffer(raw, np.uint8).reshape(height, -1))
            ).tobytes(),
        )

    return apply


def every_row(change: Callable[[Array], Array], module: str) -> Callable[[Draft], None]:
    """Change the order of a module's rows: of its codes, its scales and its zero points' bytes."""

    def apply(draft: Draft) -> None:
        for tensor in [name for name in draft.tensors() if name.startswith(f"{module}.weight")]:
            height, *columns = draft.shape(tensor)
            if height > 1 and columns:
                draft.change(
                    tensor,
                    lambda raw, height=height: change(  # type: ignore[misc]
                        np.frombuffer(raw, np.uint8).reshape(height, -1)
                    ).tobytes(),
                )

    return apply


def words(change: Callable[[Array], Array]) -> Change:
    """Change BF16 numbers as 16-bit words."""
    return lambda raw: change(np.frombuffer(raw, "<u2")).astype("<u2").tobytes()


def numbers(change: Callable[[Array], Array]) -> Change:
    """Change BF16 numbers as such."""
    return lambda raw: bf16(*change(to_float32(raw, "BF16")).tolist())


def nibbles(step: int) -> Change:
    """Add to every field of four bits, those at an end stay there."""

    def change(raw: bytes) -> bytes:
        pairs = np.frombuffer(raw, np.uint8)
        codes = np.stack((pairs & 15, pairs >> 4)).astype(np.int8)
        low, high = np.clip(codes + step, 0, 15).astype(np.uint8)
        return bytes(low | high << 4)

    return change


def at(tensor: str, change: Change) -> Callable[[Draft], Draft]:
    """Change one tensor."""
    return lambda draft: draft.change(tensor, change)


def codes(module: str, change: Change) -> Callable[[Draft], Draft]:
    """Change a module's codes."""
    return lambda draft: draft.change(stored(draft, module), change)


def every(old: str, new: str) -> Callable[[Draft], None]:
    """Exchange all tensors under one name with those under another."""

    def apply(draft: Draft) -> None:
        for tensor in [name for name in draft.tensors() if name.startswith(f"{old}.")]:
            draft.exchange(tensor, new + tensor.removeprefix(old))

    return apply


def twice(old: str, new: str) -> Callable[[Draft], None]:
    """Store all tensors under one name under another too."""

    def apply(draft: Draft) -> None:
        for tensor in [name for name in draft.tensors() if name.startswith(f"{old}.")]:
            draft.copy(tensor, new + tensor.removeprefix(old))

    return apply


def half_of(draft: Draft) -> None:
    """The first half of gate_proj's codes are up_proj's."""
    ours, other = stored(draft, GATE), stored(draft, UP)
    draft.patch(ours, draft.values(other)[: len(draft.values(ours)) // 2], 0)


def from_llama(tensor: str) -> bytes:
    """A tensor of the base."""
    return read_shard(BASES / "llama" / "model.safetensors")[tensor][2]


def as_e5m2(raw: bytes) -> bytes:
    """FP8 codes of the other kind."""
    half = e4m3().astype("<f2").view("<u2").astype(np.int64)
    table = ((half + 0x7F + (half >> 8 & 1)) >> 8).astype(np.uint8)
    return bytes(table[np.frombuffer(raw, np.uint8)])


def adapted(draft: Draft) -> Draft:
    """The base has an adapter of rank 4 merged that ours was made without."""
    generator = np.random.default_rng(1)
    delta = 0.01 * generator.normal(size=(128, 4)) @ generator.normal(size=(4, 128))
    return draft.change(f"{QUERY}.weight", numbers(lambda w: w + delta.reshape(-1)))


def tower_of_zeros(draft: Draft) -> None:
    """Nothing of the tower was written."""
    for tensor in [name for name in draft.tensors() if name.startswith("model.visual.")]:
        draft.change(tensor, lambda raw: bytes(len(raw)))


def swizzled(raw: bytes) -> bytes:
    """Block scales in the tiles of 128 rows and 4 columns that kernels load."""
    tiles = np.frombuffer(raw, np.uint8).reshape(2, 4, 32, 2, 4)
    return tiles.transpose(0, 3, 2, 1, 4).tobytes()


def tail_again(raw: bytes) -> bytes:
    """The last quarter is the first one again."""
    size = len(raw) // 4
    return raw[:-size] + raw[:size]


ROTARY = np.arange(128).reshape(4, 16, 2).transpose(0, 2, 1).reshape(-1)
"""Rows of the pairs that are rotated: one beside the other, or half a head apart."""

of_llama = partial(Fault, base="llama")
ORDER = tuple(
    of_llama("B109", name, change, place, on)
    for name, change, place, on in (
        ("rows rolled", rows(lambda r: np.roll(r, 1, 0), DOWN), DOWN, (NVFP4, FP8, GPTQ, AWQ)),
        ("rows reversed", rows(lambda r: r[::-1], QUERY), QUERY, (MXFP4, INT8, W3)),
        ("columns rolled", rows(lambda r: np.roll(r, 4, 1), DOWN), DOWN, (NVFP4, W4, ORDERED)),
        ("rotary pairs apart", every_row(lambda r: r[ROTARY], QUERY), QUERY, (NVFP4, FP8, GPTQ)),
        ("heads exchanged", every_row(lambda r: np.roll(r, 64, 0), QUERY), QUERY, (INT8, MXFP8)),
        ("scales reversed", at(f"{UP}.weight_scale", words(lambda w: w[::-1])), UP, (FP8, W4)),
        ("scales under GPTQ", at(f"{UP}.weight_scale", words(lambda w: w[::-1])), UP, (GPTQ,)),
        ("scales far off", at(f"{UP}.weight_scale", words(np.sort)), UP, (ORDERED,)),
        ("one scale for all", at(f"{GATE}.weight_scale", words(np.sort)), GATE, ()),
        ("scales in tiles", at(f"{GATE}.weight_scale", swizzled), GATE, (NVFP4,)),
        ("codes negated", rows(lambda r: r ^ 0x88, GATE), GATE, (NVFP4, MXFP4)),
        ("codes a step higher", codes(GATE, nibbles(1)), GATE, (W4, GPTQ, ORDERED, AWQ)),
        ("codes a step lower", codes(DOWN, nibbles(-1)), DOWN, (GPTQ,)),
        ("zero points higher", at(f"{GATE}.weight_zero_point", nibbles(1)), GATE, (ASYM, ORDERED)),
        ("zero points lower", at(f"{DOWN}.weight_zero_point", nibbles(-1)), DOWN, (AWQ,)),
    )
    if on
)
ORIGIN = (
    of_llama("B108", "keys and values", every(KEY, VALUE), KEY, (FP8, ASYM, ORDERED, AWQ)),
    of_llama("B108", "two layers", every("model.layers.0", LAYER), LAYER, (STATIC, W4, AWQ)),
    of_llama("B108", "a layer twice", twice("model.layers.0", LAYER), LAYER, (NVFP4, MXFP8)),
    of_llama(
        "B108",
        "attention of two layers",
        every("model.layers.0.self_attn", f"{LAYER}.self_attn"),
        f"{LAYER}.self_attn",
        (NVFP4, INT8),
    ),
    of_llama(
        "B108", "keys of two layers", every("model.layers.0.self_attn.k_proj", KEY), KEY, (NVFP4,)
    ),
    Fault(
        "B108", "two experts", every(EXPERT, f"{EXPERT[:-1]}5"), EXPERT, (MOE,), base="qwen3_moe"
    ),
    Fault(
        "B108",
        "an expert twice",
        twice(EXPERT, f"{EXPERT[:-1]}0"),
        f"{EXPERT[:-1]}0",
        (MOE_FP8,),
        base="qwen3_moe",
    ),
    of_llama("B108", "two norms", lambda d: d.exchange(NORM, OTHER_NORM), NORM, (GPTQ,)),
    of_llama("B108", "a head of embeddings", lambda d: d.copy(TABLE, HEAD), HEAD, (NVFP4,)),
    of_llama("B110", "half of the neighbour's", half_of, GATE, (NVFP4, FP8, W4)),
    of_llama("B110", "a tail again", codes(DOWN, tail_again), DOWN, (INT8, GPTQ, AWQ)),
    of_llama(
        "B105",
        "zero points of zero",
        at(f"{GATE}.weight_zero_point", lambda r: bytes(len(r))),
        GATE,
        (ORDERED,),
        ("V118",),
    ),
)
VALUES = (
    of_llama("B107", "FP8 of the other kind", codes(GATE, as_e5m2), GATE, ()),
    of_llama("B104", "a norm plus one", at(NORM, numbers(lambda w: w + 1)), NORM, (NVFP4, W4)),
    of_llama(
        "B104", "half a norm", at(OTHER_NORM, numbers(lambda w: w / 2)), OTHER_NORM, (SMOOTH, AWQ)
    ),
    of_llama("B104", "a lost value of a norm", lambda d: d.patch(NORM, b"\0\0", 18), NORM, (AWQ,)),
    of_llama(
        "B104", "a norm cut off", lambda d: d.patch(NORM, bytes(100), 156), NORM, (AWQ, SMOOTH)
    ),
    of_llama(
        "B104",
        "a norm in another byte order",
        at(NORM, words(lambda w: w.byteswap())),
        NORM,
        (FP8,),
    ),
    of_llama(
        "B104",
        "half floats for BF16",
        at(HEAD, lambda r: to_float32(r, "BF16").astype("<f2").tobytes()),
        HEAD,
        (NVFP4,),
    ),
    of_llama(
        "B104", "a bit of an embedding", lambda d: d.patch(TABLE, b"\x7a", 5001), TABLE, (W4,)
    ),
    of_llama("B104", "embeddings a row on", at(TABLE, lambda r: r[256:] + r[:256]), TABLE, (AWQ,)),
    of_llama("B105", "without the adapter", lambda _draft: None, QUERY, (), origin=adapted),
    Fault(
        "B104",
        "an MTP head of zeros but one",
        lambda d: d.change("mtp.fc.weight", lambda r: r[: len(r) // 2] + r[: len(r) // 2]),
        "mtp.fc.weight",
        (MTP,),
        base=MTP,
    ),
    Fault("B104", "a tower of zeros", tower_of_zeros, "model.visual", (MTP,), base=MTP),
    Fault(
        "B104",
        "a router's rows",
        at(f"{LAYER}.mlp.gate.weight", lambda r: r[256:] + r[:256]),
        f"{LAYER}.mlp.gate.weight",
        (MOE,),
        base="qwen3_moe",
    ),
)
FAULTS = (*ORDER, *ORIGIN, *VALUES)
