"""What other exporters, wrappers and half an upload leave in tensors and files: one finding each.

Such as people report them to vLLM, transformers, llm-compressor and compressed-tensors.
"""

import struct
from collections.abc import Callable
from typing import Any

from tests.mutate import Draft
from tests.mutations.causes import relabel, renamed
from tests.mutations.config import without
from tests.mutations.declared import INT8
from tests.mutations.edits import FIRST, LATENT, MOE, QUERY, SHARED
from tests.mutations.fault import several
from tests.mutations.quantization import ASYM, FP8, KV, MIXED, NVFP4

BLOCK, MXFP4, ONE = ("llama-fp8-block",), ("llama-mxfp4",), "model.safetensors"
NORM, GATE = "model.layers.1.input_layernorm", "model.layers.1.mlp.gate"
TYING = "tie_word_embeddings"


def as_named(change: Callable[[str], str]) -> Callable[[Draft], Draft]:
    """Give every tensor another name."""

    def apply(draft: Draft) -> Draft:
        for name in draft.tensors():
            if change(name) != name:
                draft.rename(name, change(name))
        return draft

    return apply


def flat_scales(draft: Draft) -> Draft:
    """Scales of channels as other exporters write them: in one dimension."""

    def flatten(header: dict[str, Any]) -> None:
        for name, entry in header.items():
            if name.endswith(".weight_scale"):
                entry["shape"] = entry["shape"][:1]

    return draft.header(ONE, flatten)


def shape_in_floats(draft: Draft) -> Draft:
    """The shape of packed weights, as a tool that knows floats alone saves it."""
    name = f"{FIRST}.weight_shape"
    shape = struct.unpack("<2q", draft.bytes_of(name))
    return draft.retype(name, "F32", [2]).patch(name, struct.pack("<2f", *shape))


WRAPPED = (
    *several(
        "F122",
        NVFP4,
        (
            "one tensor of a compiled model",
            lambda d: d.rename(f"{NORM}.weight", f"_orig_mod.{NORM}.weight"),
            ONE,
        ),
        ("compiled layers", renamed(".layers.1.", ".layers.1._orig_mod."), ONE),
        ("names of PEFT", renamed(".q_proj.", ".q_proj.base_layer."), ONE),
        ("names of FSDP", renamed("model.layers.", "model._fsdp_wrapped_module.layers."), ONE),
        ("names of a parallel model", as_named(lambda name: f"module.{name}"), ONE),
    ),
)
NAMES = (
    *several(
        "C109",
        (*NVFP4, *LATENT),
        ("a head called output", renamed("lm_head", "output"), TYING),
        ("a head within the model", renamed("lm_head", "model.lm_head"), TYING),
    ),
    *several(
        "C103",
        (*NVFP4, *MIXED),
        (
            "names without their beginning",
            as_named(lambda n: n.removeprefix("model.")),
            "architectures",
        ),
        ("names within another model", as_named(lambda n: f"language_model.{n}"), "architectures"),
    ),
    *several(
        "T117",
        NVFP4,
        ("a table under GPT-2's name", renamed("embed_tokens", "wte"), "model.embed_tokens"),
    ),
    *several(
        "C104",
        NVFP4,
        ("a layer of two digits", renamed("layers.1.", "layers.01."), "model.layers.1"),
    ),
    *several(
        "T117",
        NVFP4,
        (
            "a projection under its fused name",
            renamed("layers.0.self_attn.q_proj", "layers.0.self_attn.qkv_proj"),
            QUERY,
        ),
    ),
    *several(
        "C108",
        MOE,
        (
            "experts counted from one",
            as_named(lambda n: n.replace("1.mlp.experts.0.", "1.mlp.experts.8.")),
            "model.layers.1.mlp.experts",
        ),
    ),
    *several(
        "T101",
        ("llama-fp8-block", "llama-fp8-dynamic"),
        ("DeepSeek's names", renamed(".weight_scale", ".weight_scale_inv"), FIRST),
    ),
    *several(
        "T101", (*NVFP4, *ASYM), ("AutoGPTQ's names", renamed(".weight_packed", ".qweight"), FIRST)
    ),
    *several(
        "T101",
        NVFP4,
        (
            "ModelOpt's names",
            as_named(
                lambda n: (
                    n.replace("weight_packed", "weight")
                    .replace("weight_global_scale", "weight_scale_2")
                    .replace("input_global_scale", "input_scale")
                )
            ),
            FIRST,
        ),
    ),
    *several(
        "Q114",
        KV,
        (
            "cache scales within the attention",
            renamed("self_attn.k_scale", "self_attn.attn.k_scale"),
            "model.layers.0.self_attn",
        ),
        (
            "cache scales of the key's projection",
            renamed("self_attn.k_scale", "self_attn.k_proj.k_scale"),
            "model.layers.0.self_attn",
        ),
    ),
)
LOST = (
    *several(
        "T117",
        LATENT,
        ("a router's bias", without("layers.1.mlp.gate.e_score"), GATE),
        ("a shared expert", without(f"{SHARED}."), f"{SHARED}.up_proj"),
        ("a router", without(f"{GATE}.weight"), GATE),
    ),
    *several(
        "T117",
        NVFP4,
        ("the table", without("embed_tokens"), "model.embed_tokens"),
        ("all norms of a layer", without("layers.1.input_layernorm"), NORM),
    ),
    *several(
        "T117",
        KV,
        (
            "a norm of heads",
            without("layers.0.self_attn.q_norm"),
            "model.layers.0.self_attn.q_norm",
        ),
    ),
)
KINDS = (
    *several(
        "T107", (*FP8, *INT8), ("scales in one dimension", flat_scales, f"{FIRST}.weight_scale")
    ),
    *several(
        "T106",
        FP8,
        (
            "one scale in the other 16 bits",
            relabel(f"{FIRST}.weight_scale", "F16"),
            f"{FIRST}.weight_scale",
        ),
    ),
    *several(
        "T106",
        (*FP8, *BLOCK),
        ("codes of the other FP8", relabel(f"{FIRST}.weight", "F8_E5M2"), f"{FIRST}.weight"),
    ),
    *several(
        "T106",
        MXFP4,
        (
            "exponents under their own type",
            relabel(f"{FIRST}.weight_scale", "F8_E8M0"),
            f"{FIRST}.weight_scale",
        ),
    ),
    *several(
        "T106",
        ASYM,
        ("a shape in floats", shape_in_floats, f"{FIRST}.weight_shape"),
        (
            "words without a sign",
            relabel(f"{FIRST}.weight_packed", "U32"),
            f"{FIRST}.weight_packed",
        ),
    ),
    *several(
        "T105", INT8, ("integers called floats", relabel(f"{FIRST}.weight", "F8_E4M3"), FIRST)
    ),
    *several("T105", FP8, ("floats called integers", relabel(f"{FIRST}.weight", "I8"), FIRST)),
    *several(
        "T119",
        NVFP4,
        ("a norm in the other 16 bits", relabel(f"{NORM}.weight", "F16"), f"{NORM}.weight"),
    ),
    *several(
        "T112",
        NVFP4,
        ("a norm in FP8", lambda d: d.retype(f"{NORM}.weight", "F8_E4M3", [128]), NORM),
    ),
)
FAULTS = (*WRAPPED, *NAMES, *LOST, *KINDS)
