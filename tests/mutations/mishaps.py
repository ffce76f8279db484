"""What went wrong in public, case by case: each reproduced here, or said why no file can show it.

The numbers are those of our collection of 41 published checkpoints, cards and reports of 2025 and
2026; the comment beside each is what happened and where it was told.
"""

from collections.abc import Callable

import numpy as np

from release.quantization.decoding.floats import e4m3, to_float32
from tests.mutate import Draft
from tests.mutations.config import setting
from tests.mutations.fault import Fault
from tests.mutations.owners import left_out
from tests.mutations.quantization import GROUP, not_ignoring

MTP, SHARDED, NEXT, MIXED = "qwen3_5-mtp", "qwen3_5-mixed-sharded", "qwen3_next-fp8", "demo"
DELTA = "model.language_model.layers.0.linear_attn"
INDEX = "model.safetensors.index.json"
NVFP4_WEIGHTS = {
    "num_bits": 4,
    "type": "float",
    "strategy": "tensor_group",
    "group_size": 16,
    "scale_dtype": "torch.float8_e4m3fn",
}


def in_fp8(*modules: str) -> Callable[[Draft], Draft]:
    """Store modules as FP8 by channel, as a recipe does whose `ignore` has missed them."""

    def change(draft: Draft) -> Draft:
        for module in modules:
            weight = f"{module}.weight"
            rows, columns = draft.shape(weight)
            values = to_float32(draft.bytes_of(weight), "BF16").reshape(rows, columns)
            scales = to_float32(_bf16(np.abs(values).max(axis=1) / 448), "BF16")
            codes = _nearest(values / scales[:, None])
            draft.retype(weight, "F8_E4M3", [rows, columns]).patch(weight, codes)
            draft.add(f"{weight}_scale", "BF16", [rows, 1], beside=weight)
            draft.patch(f"{weight}_scale", _bf16(scales))
        return draft

    return change


def _bf16(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> bytes:
    """Round to nearest; no value here is near an overflow."""
    words = np.ascontiguousarray(values, np.float32).view(np.uint32)
    raw: bytes = ((words + 0x8000) >> 16).astype("<u2").tobytes()
    return raw


def _nearest(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> bytes:
    table = np.where(np.isnan(e4m3()), np.float32(1e9), e4m3())
    raw: bytes = np.abs(values[..., None] - table).argmin(axis=-1).astype(np.uint8).tobytes()
    return raw


def claimed(text: str, *modules: str) -> Callable[[Draft], Draft]:
    """Store modules as FP8, let the first group claim them, and nothing in `ignore` name them."""

    def change(draft: Draft) -> Draft:
        targets = draft.read()["quantization_config"]["config_groups"]["group_0"]["targets"]
        not_ignoring(text)(draft).config(f"{GROUP}.targets", [*targets, *modules])
        return in_fp8(*modules)(draft)

    return change


def zero_keys(draft: Draft) -> Draft:
    """The rows of the keys of a fused projection, all zero: its middle third."""
    weight = f"{DELTA}.in_proj_qkv.weight"
    rows, columns = draft.shape(weight)
    return draft.patch(weight, bytes(rows // 4 * columns), at=rows // 4 * columns)


def total_of_another(draft: Draft) -> Draft:
    """A number of parameters that somebody typed."""
    return draft.edit(INDEX, "metadata.total_parameters", 333_000)


TOWER = ("attn.qkv", "attn.proj", "mlp.linear_fc1", "mlp.linear_fc2")
LEFT = ("Q119",)  # recipe.yaml still says what was done
FAULTS = (
    Fault(
        "Q104",
        "a head in ignore, stored quantized",
        in_fp8("lm_head"),
        "lm_head",
        ("llama-fp8-dynamic",),
    ),
    Fault(
        "T103", "MTP left out of ignore", not_ignoring("mtp"), "mtp.layers.0.mlp.down_proj", (MTP,)
    ),
    Fault(
        "T105",
        "FP8 labelled NVFP4",
        setting(f"{GROUP}.weights", NVFP4_WEIGHTS),
        "model.layers.0.mlp.down_proj",
        ("llama-fp8-dynamic",),
        ("Q106", "Q115", "Q119"),
    ),
    Fault(
        "Q105",
        "an ignore list that splits in_proj",
        left_out(f"{DELTA}.in_proj_z", ignored=f"{DELTA}.in_proj_z"),
        f"{DELTA}.in_proj_qkv",
        (SHARDED,),
    ),
    Fault(
        "T113",
        "a tower that the pattern for it missed",
        claimed("visual", *(f"model.visual.blocks.0.{part}" for part in TOWER)),
        "model.visual.blocks.0.attn.qkv",
        (SHARDED,),
        LEFT,
    ),
    Fault("V114", "keys of zeros", zero_keys, f"{DELTA}.in_proj_qkv.weight", (SHARDED,)),
    Fault("F114", "a number of parameters typed", total_of_another, INDEX, (MIXED,)),
    Fault(
        "C102",
        "a model_type from before the release",
        setting("model_type", "qwen3_5_flash_next"),
        "model_type",
        (MIXED,),
    ),
)

MISHAPS: dict[int, tuple[str, ...]] = {
    # The reference's first upload: no processor, wrong tokenizer metadata, no MTP.
    1: (
        "C112: no image processor",
        "C115: an end of another vocabulary",
        "C110: an MTP layer lost on the way",
    ),
    8: ("Q104: a head in ignore, stored quantized",),  # vllm #44081
    9: ("T103: MTP left out of ignore",),  # vllm #38832
    10: ("T103: MTP left out of ignore",),  # vllm #46316
    11: ("C122: a second declaration",),  # sglang #7593
    12: ("C122: a second declaration",),  # labels changed in one of two files
    13: ("Q105: one of three fused projections ignored",),  # sglang #18189
    14: ("T101: the activation's scale of one expert lost",),  # vllm #45212
    15: ("T105: FP8 labelled NVFP4",),  # Model-Optimizer #868
    16: ("Q105: an ignore list that splits in_proj",),  # vllm #40252
    20: ("T113: a tower that the pattern for it missed",),  # llm-compressor #2641
    21: ("C112: no image processor", "C115: an image token of another model"),  # #1305, #2153
    22: ("V107: a global scale of inf", "V105: tiny scales"),  # compressed-tensors #595
    23: ("C110: an MTP layer lost on the way",),  # vllm #35548
    25: ("C108: an expert that was not saved",),  # unsloth #6224
    26: (  # unsloth #2744, #2355, #11230
        "C117: no chat template",
        "F113: the index was not uploaded",
        "F120: a Hub token in the config",
    ),
    28: ("T103: MTP left out of ignore",),  # sglang #36158
    29: ("C110: an MTP layer lost on the way",),
    30: ("V114: keys of zeros",),  # ollama #15866
    31: ("C103: a text class over a model with a tower",),
    32: ("C111: a tower that was not saved",),
    35: ("T113: a tower that the pattern for it missed",),  # its 48 rows: T115's own test
    36: ("C102: a model_type from before the release",),
    37: ("C116: a tokenizer class that does not exist",),  # GPTQModel #2403
    38: ("Q114: a cache that nothing was calibrated for",),  # sgl-cookbook #237
    39: ("F114: a number of parameters typed",),  # huggingface_hub #4221
    40: ("F110: the last shard was not uploaded",),  # CoSER: 15 shards of 30
}
ELSEWHERE: dict[int, str] = {
    2: "fit and card: the card's command against what its GPU holds",
    3: "card: commands that differ, a version that the shell takes for a file",
    4: "card: a version that was never released",
    5: "tables: the Hub's count beside the true one",
    6: "fit: the recurrent state beside the cache",
    7: "card: a table of weights that the files contradict",
    17: "Q116: the oldest vLLM that reads it is a note, not a fault",
    18: "smoke: a kernel for another GPU",
    19: "R104: only transformers' own decoder shows that blanks are lost",
    24: "card: a command that names another repository",
    27: "smoke: weights that no header and no byte betrays",
    33: "card: scores without their base",
    34: "card: a gain that is none",
    41: "base: a precision too low for a part of a projection",
}
