"""Faults that only the base shows: every file fits, every value is one that a weight could have."""

import struct
from collections.abc import Callable
from functools import partial

import numpy as np

from tests.checks.values.floats import bf16
from tests.conftest import BASES
from tests.mutate import Draft, read_shard
from tests.mutations.fault import Fault

GATE, UP = "model.layers.1.mlp.gate_proj", "model.layers.1.mlp.up_proj"
QUERY, DOWN = "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.down_proj"
NORM, EARLIER = (f"model.layers.{layer}.input_layernorm.weight" for layer in (1, 0))
EXPERTS = "model.layers.1.mlp.experts"
NVFP4, MXFP4, W4 = ("llama-nvfp4",), ("llama-mxfp4",), ("llama-w4a16",)
STATIC, DYNAMIC, INT8 = ("llama-fp8-static",), ("llama-fp8-dynamic",), ("llama-w8a8-int8",)
MOE, MTP = ("qwen3_moe-nvfp4",), ("qwen3_5-mtp",)
NVFP4_ROLES = ("weight_packed", "weight_scale", "weight_global_scale")
TOKENIZER, SAMPLING = "tokenizer.json", "generation_config.json"


def nothing(_draft: Draft) -> None:
    """Leave it: the base is at fault."""


def changed(tensor: str, change: Callable[[bytes], bytes]) -> Callable[[Draft], Draft]:
    """Change one tensor's bytes."""
    return lambda draft: draft.change(tensor, change)


def exchanged(one: str, other: str, *roles: str) -> Callable[[Draft], object]:
    """Exchange the stored tensors of two modules."""

    def change(draft: Draft) -> None:
        for role in roles:
            draft.exchange(f"{one}.{role}", f"{other}.{role}")

    return change


def experts_exchanged(draft: Draft) -> None:
    """Exchange two experts' gate_proj and up_proj, which share a global scale."""
    for part in ("gate_proj", "up_proj"):
        exchanged(f"{EXPERTS}.3.{part}", f"{EXPERTS}.5.{part}", *NVFP4_ROLES)(draft)


def noise(raw: bytes) -> bytes:
    """Random codes, all of them numbers in FP4."""
    return np.random.default_rng(0).bytes(len(raw))


def halved(raw: bytes) -> bytes:
    """Half of every BF16 value: an exponent less."""
    return (np.frombuffer(raw, "<u2") - 0x80).astype("<u2").tobytes()


def scaled(raw: bytes) -> bytes:
    """A global scale that is 1.1 times too large."""
    return struct.pack("<f", struct.unpack("<f", raw)[0] * 1.1)


def inverted(raw: bytes) -> bytes:
    """A global scale as ModelOpt stores it."""
    return struct.pack("<f", 1 / struct.unpack("<f", raw)[0])


def one_nan(raw: bytes) -> bytes:
    """The sixth BF16 value is no number."""
    return raw[:10] + bf16(float("nan")) + raw[12:]


def nibbles_swapped(raw: bytes) -> bytes:
    """The two codes of every byte in the other order."""
    codes = np.frombuffer(raw, np.uint8)
    return ((codes << 4) | (codes >> 4)).astype(np.uint8).tobytes()


def transposed(raw: bytes) -> bytes:
    """A square matrix of bytes, (in, out)."""
    side = int(len(raw) ** 0.5)
    return np.frombuffer(raw, np.uint8).reshape(side, side).T.tobytes()


def tail_lost(raw: bytes) -> bytes:
    """The last third was never written."""
    return raw[: len(raw) * 2 // 3] + bytes(len(raw) - len(raw) * 2 // 3)


def written_twice(one: str, other: str, *roles: str) -> Callable[[Draft], object]:
    """Store one module's tensors under the name of another too."""

    def change(draft: Draft) -> None:
        for role in roles:
            draft.copy(f"{one}.{role}", f"{other}.{role}")

    return change


def one_row_of_noise(raw: bytes) -> bytes:
    """Row 7 of 128 columns of FP4 codes."""
    return raw[: 7 * 64] + noise(raw[:64]) + raw[8 * 64 :]


def one_scale_doubled(raw: bytes) -> bytes:
    """The BF16 scale of row 100."""
    words = np.frombuffer(raw, "<u2").copy()
    words[100] += 0x80
    return words.tobytes()


def one_block_quartered(raw: bytes) -> bytes:
    """The FP8 scale of the second block of row 60, of eight: two exponents less."""
    return raw[:481] + bytes([raw[481] - 16]) + raw[482:]


def another_rounding(raw: bytes) -> bytes:
    """A fifth of the INT8 codes one step up, where there is room."""
    codes = np.frombuffer(raw, np.int8).copy()
    codes[(np.random.default_rng(1).random(len(codes)) < 0.2) & (codes < 127)] += 1
    return codes.tobytes()


def shaken(draft: Draft) -> Draft:
    """Move 40 % of the FP4 codes by one, and lose recipe.yaml."""
    tensor = f"{EXPERTS}.3.down_proj.weight_packed"
    codes = np.frombuffer(draft.values(tensor), np.uint8).copy()
    codes[np.random.default_rng(4).random(len(codes)) < 0.4] ^= 0x11
    return draft.store(tensor, codes.tobytes()).remove("recipe.yaml")


def coarse(draft: Draft) -> None:
    """Eight of the 256 INT8 codes, of scales that are 16 times as large."""
    draft.change(
        f"{GATE}.weight",
        lambda raw: np.rint(np.frombuffer(raw, np.int8) / 16).astype(np.int8).tobytes(),
    )
    draft.change(
        f"{GATE}.weight_scale",
        lambda raw: (np.frombuffer(raw, "<u2") + (4 << 7)).astype("<u2").tobytes(),
    )


def one_value(raw: bytes) -> bytes:
    """The sixth BF16 value is 0.9375."""
    return raw[:10] + b"\x70\x3f" + raw[12:]


def without_mtp(draft: Draft) -> Draft:
    """Lose the MTP head, in config.json too."""
    for name in [name for name in draft.tensors() if name.startswith("mtp.")]:
        draft.drop(name)
    draft.remove("model_mtp.safetensors")
    return draft.unset("config.json", "text_config.mtp_num_hidden_layers")


def tokens_exchanged(draft: Draft) -> Draft:
    """Exchange the ids of two tokens."""
    vocab = draft.read(TOKENIZER)["model"]["vocab"]
    one, other = list(vocab)[60:62]
    vocab[one], vocab[other] = vocab[other], vocab[one]
    return draft.edit(TOKENIZER, "model.vocab", vocab)


def merge_lost(draft: Draft) -> Draft:
    """Lose the last merge."""
    return draft.edit(TOKENIZER, "model.merges", draft.read(TOKENIZER)["model"]["merges"][:-1])


def prompt_changed(draft: Draft) -> Draft:
    """Open the answer with another role."""
    text = (draft.path / "chat_template.jinja").read_text()
    return draft.write(
        "chat_template.jinja", text.replace("<|im_start|>assistant", "<|im_start|>model")
    )


def taller(draft: Draft) -> Draft:
    """The base's projection has 32 rows more: ours was pruned."""
    rows, columns = draft.shape(f"{UP}.weight")
    return draft.retype(f"{UP}.weight", "BF16", [rows + 32, columns])


def clipped(draft: Draft) -> None:
    """Round to four bits with scales of half of what the largest values ask for."""
    raw = read_shard(BASES / "llama" / "model.safetensors")[f"{GATE}.weight"][2]
    rows = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4").reshape(-1, 128)
    scales = np.frombuffer(bf16(*np.abs(rows).max(axis=1) / 15), "<u2")
    steps = rows / (scales.astype("<u4") << 16).view("<f4")[:, None]
    codes = np.clip(np.rint(steps), -8, 7).astype(np.int64) + 8
    words = (codes.reshape(len(rows), -1, 8) << np.arange(0, 32, 4)).sum(axis=2)
    draft.store(f"{GATE}.weight_packed", words.astype("<u4").tobytes())
    draft.store(f"{GATE}.weight_scale", scales.tobytes())


OF_LLAMA = partial(Fault, base="llama")
FAULTS = (
    OF_LLAMA(
        "V107",
        "an inverted global scale",
        changed(f"{DOWN}.weight_global_scale", inverted),
        f"{DOWN}.weight_global_scale",
        NVFP4,
    ),
    OF_LLAMA("V101", "a NaN in a norm", changed(NORM, one_nan), NORM, NVFP4),
    Fault("B101", "another model", nothing, "checkpoint", NVFP4, base=MTP[0]),
    Fault("B102", "a lost MTP head", without_mtp, "mtp.fc.weight", MTP, base=MTP[0]),
    OF_LLAMA("B103", "a pruned weight", nothing, f"{UP}.weight", (*NVFP4, *W4), origin=taller),
    OF_LLAMA("B104", "one value of a norm", changed(NORM, one_value), NORM, NVFP4),
    OF_LLAMA("B105", "codes of noise", changed(f"{GATE}.weight_packed", noise), GATE, NVFP4),
    OF_LLAMA("B106", "coarse codes", coarse, GATE, INT8),
    Fault("B111", "a shaken expert", shaken, f"{EXPERTS}.3.down_proj", MOE, base="qwen3_moe"),
    OF_LLAMA("B107", "a global scale", changed(f"{UP}.weight_global_scale", scaled), UP, NVFP4),
    OF_LLAMA("B107", "halved scales", changed(f"{GATE}.weight_scale", halved), GATE, STATIC),
    OF_LLAMA(
        "B107",
        "an exponent more",
        changed(f"{GATE}.weight_scale", lambda raw: bytes(byte + 1 for byte in raw)),
        GATE,
        MXFP4,
    ),
    OF_LLAMA(
        "B107",
        "a block scale",
        changed(f"{UP}.weight_scale", one_block_quartered),
        UP,
        ("llama-nvfp4", "llama-nvfp4a16"),
    ),
    OF_LLAMA("B108", "exchanged projections", exchanged(GATE, UP, *NVFP4_ROLES), GATE, NVFP4),
    Fault(
        "B108",
        "exchanged experts",
        experts_exchanged,
        f"{EXPERTS}.5.up_proj",
        MOE,
        base="qwen3_moe",
    ),
    OF_LLAMA(
        "B108", "written twice", written_twice(GATE, UP, "weight", "weight_scale"), UP, DYNAMIC
    ),
    OF_LLAMA("B108", "exchanged norms", lambda draft: draft.exchange(NORM, EARLIER), NORM, NVFP4),
    OF_LLAMA(
        "B109",
        "swapped nibbles",
        changed(f"{GATE}.weight_packed", nibbles_swapped),
        GATE,
        (*NVFP4, *MXFP4, *W4),
    ),
    OF_LLAMA("B109", "a transposed matrix", changed(f"{QUERY}.weight", transposed), QUERY, STATIC),
    OF_LLAMA(
        "B110", "a row of noise", changed(f"{GATE}.weight_packed", one_row_of_noise), GATE, NVFP4
    ),
    OF_LLAMA(
        "B110", "a doubled scale", changed(f"{GATE}.weight_scale", one_scale_doubled), GATE, DYNAMIC
    ),
    OF_LLAMA("B110", "a lost tail", changed(f"{UP}.weight_packed", tail_lost), UP, (*NVFP4, *W4)),
    OF_LLAMA("B111", "another rounding", changed(f"{GATE}.weight", another_rounding), GATE, INT8),
    OF_LLAMA("B112", "scales that cut off the largest", clipped, GATE, W4, ("V116",)),
    OF_LLAMA(
        "B113",
        "another rotary base",
        lambda draft: draft.config("rope_parameters.rope_theta", 500_000.0),
        "rope_parameters.rope_theta",
        NVFP4,
    ),
    OF_LLAMA("B114", "exchanged tokens", tokens_exchanged, TOKENIZER, NVFP4),
    OF_LLAMA("B114", "a lost merge", merge_lost, TOKENIZER, NVFP4),
    OF_LLAMA("B115", "another prompt", prompt_changed, "chat_template.jinja", NVFP4),
    Fault(
        "B115",
        "another temperature",
        lambda draft: draft.edit(SAMPLING, "temperature", 1.3),
        SAMPLING,
        MTP,
        base=MTP[0],
    ),
    OF_LLAMA(
        "B116",
        "a lost licence",
        nothing,
        "LICENSE",
        NVFP4,
        origin=lambda draft: draft.write("LICENSE", "Apache License\n"),
    ),
    OF_LLAMA(
        "B116",
        "another licence",
        lambda draft: draft.write("LICENSE", "MIT License\n"),
        "LICENSE",
        NVFP4,
        origin=lambda draft: draft.write("LICENSE", "Apache License\n"),
    ),
)
