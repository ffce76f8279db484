"""Faults that several rules could see: the one that names the cause says them, and no other."""

import os
from collections.abc import Callable
from typing import Any

from tests.mutate import Draft
from tests.mutations.config import setting
from tests.mutations.fault import Fault
from tests.mutations.resolution import GROUP, ignoring

NVFP4, FP8, BLOCK, W4 = (
    ("llama-nvfp4",),
    ("llama-fp8-dynamic",),
    ("llama-fp8-block",),
    ("llama-w8a16",),
)
EXPERTS, TOKENIZER = ("qwen3_moe-nvfp4",), "tokenizer.json"
ATTENTION, MLP = "model.layers.0.self_attn", "model.layers.0.mlp"
FIRST = f"{MLP}.down_proj"


def left_out(*modules: str, ignored: str) -> Callable[[Draft], Draft]:
    """Store modules unquantized and ignore them, as a writer does."""

    def change(draft: Draft) -> Draft:
        for module in modules:
            draft.unquantize(module)
        return ignoring(ignored)(draft)

    return change


def expert(number: int) -> tuple[str, ...]:
    """The projections of an expert of the first layer."""
    return tuple(f"{MLP}.experts.{number}.{name}_proj" for name in ("gate", "up", "down"))


def fused_experts(draft: Draft) -> Draft:
    """Store the experts as transformers has them: unquantized, all in one tensor."""
    shapes = {"gate_up_proj": [8, 128, 128], "down_proj": [8, 128, 64]}
    for tensor in [name for name in draft.tensors() if ".mlp.experts." in name]:
        draft.drop(tensor)
    for layer in range(2):
        for name, shape in shapes.items():
            tensor = f"model.layers.{layer}.mlp.experts.{name}"
            draft.add(tensor, "BF16", shape, beside="lm_head.weight").noise(tensor)
    return draft


def pipe(draft: Draft) -> None:
    """Put a named pipe where the tokenizer was."""
    draft.remove(TOKENIZER)
    os.mkfifo(draft.path / TOKENIZER)


def arguments(part: str, value: Any) -> Callable[[Draft], Draft]:
    """Set an argument of the first group."""
    return setting(f"{GROUP}.{part}", value)


FAULTS = (
    Fault(
        "Q104",
        "a quantized q_proj ignored",
        ignoring(f"{ATTENTION}.q_proj"),
        f"{ATTENTION}.q_proj",
        NVFP4,
    ),
    Fault(
        "Q104",
        "a quantized expert ignored",
        ignoring("re:.*layers.0.*experts.1.*"),
        f"{MLP}.experts.1.up_proj",
        EXPERTS,
    ),
    Fault(
        "Q104",
        "the first expert ignored",
        ignoring("re:.*layers.0.*experts.0.*"),
        f"{MLP}.experts.0.up_proj",
        EXPERTS,
    ),
    Fault(
        "Q105",
        "one of three fused projections ignored",
        left_out(f"{ATTENTION}.q_proj", ignored=f"{ATTENTION}.q_proj"),
        f"{ATTENTION}.k_proj",
        NVFP4,
    ),
    Fault(
        "Q110",
        "a pattern that hits the fused name",
        left_out(f"{ATTENTION}.v_proj", ignored="re:.*layers.0.*v_proj$"),
        f"{ATTENTION}.q_proj",
        NVFP4,
    ),
    Fault(
        "T111",
        "an expert left as it was",
        left_out(*expert(1), ignored="re:.*layers.0.*experts.1.*"),
        f"{MLP}.experts",
        EXPERTS,
    ),
    Fault(
        "T111",
        "the first expert left as it was",
        left_out(*expert(0), ignored="re:.*layers.0.*experts.0.*"),
        f"{MLP}.experts",
        EXPERTS,
    ),
    Fault("Q110", "experts that were not unpacked", fused_experts, f"{MLP}.experts", EXPERTS),
    Fault("T105", "groups of 32 for NVFP4", arguments("weights.group_size", 32), FIRST, NVFP4),
    Fault(
        "T105",
        "another number of bits",
        arguments("weights.num_bits", 8),
        FIRST,
        (*NVFP4, "llama-mxfp4", "llama-w4a16-asym"),
    ),
    Fault(
        "T105",
        "bits of no kernel",
        arguments("weights.num_bits", 16),
        FIRST,
        (*W4, "llama-w8a8-int8"),
    ),
    Fault(
        "T105",
        "blocks of another size",
        arguments("weights.block_structure", [64, 64]),
        FIRST,
        BLOCK,
    ),
    Fault(
        "Q106",
        "floats that no format stores",
        arguments("weights.num_bits", 4),
        GROUP,
        FP8,
    ),
    Fault("F124", "a pipe for a tokenizer", pipe, TOKENIZER),
    Fault(
        "C106", "a vocabulary cut in the config", setting("vocab_size", 100), "vocab_size", NVFP4
    ),
    Fault(
        "C126",
        "a model of a billion layers",
        setting("num_hidden_layers", 10**9),
        "num_hidden_layers",
        NVFP4,
    ),
    Fault(
        "C126",
        "fewer heads than none",
        setting("num_attention_heads", -4),
        "num_attention_heads",
        NVFP4,
    ),
)
