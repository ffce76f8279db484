"""Tensors that do not fit the scheme or the model: lost, doubled, retyped, swapped for others."""

from collections.abc import Callable

from tests.mutate import Draft
from tests.mutations.fault import Fault

Q, K, OUT, DOWN = (
    "model.layers.1.self_attn.q_proj",
    "model.layers.1.self_attn.k_proj",
    "model.layers.1.self_attn.o_proj",
    "model.layers.1.mlp.down_proj",
)
NORM = "model.layers.1.input_layernorm.weight"
NVFP4, A16, FP8 = ("llama-nvfp4",), ("llama-nvfp4a16",), ("llama-fp8-dynamic",)
STATIC, BLOCK, INT8 = ("llama-fp8-static",), ("llama-fp8-block",), ("llama-w8a8-int8",)
W4, ASYM, MXFP4, MXFP8 = ("llama-w4a16",), ("llama-w4a16-asym",), ("llama-mxfp4",), ("llama-mxfp8",)
PACKED = (*W4, *ASYM, "llama-w3a16", "llama-w8a16")
EXPERT = "model.layers.1.mlp.experts.3.up_proj"


def lose(tensor: str) -> Callable[[Draft], Draft]:
    """Leave a tensor out."""
    return lambda draft: draft.drop(tensor)


def retype(tensor: str, dtype: str, *shape: int) -> Callable[[Draft], Draft]:
    """Store zeros of another dtype or shape."""
    return lambda draft: draft.retype(tensor, dtype, list(shape))


def put(tensor: str, dtype: str, *shape: int, beside: str) -> Callable[[Draft], Draft]:
    """Add a tensor of zeros."""
    return lambda draft: draft.add(tensor, dtype, list(shape), beside=beside)


def plain(module: str, rows: int, columns: int) -> Callable[[Draft], Draft]:
    """Store one module unquantized, in BF16."""

    def change(draft: Draft) -> Draft:
        roles = [name for name in draft.tensors() if name.startswith(f"{module}.")]
        norm = next(name for name in draft.tensors() if name.endswith("layernorm.weight"))
        draft.add(f"{module}.plain", "BF16", [rows, columns], beside=norm)
        values = b"\x80\x3c\x00\x3d\xa0\xbc\x20\xbd" * (rows * columns // 4)  # a few small numbers
        draft.store(f"{module}.plain", values)
        for name in roles:
            draft.drop(name)
        return draft.rename(f"{module}.plain", f"{module}.weight")

    return change


def swap_dtype(old: str, new: str) -> Callable[[Draft], Draft]:
    """Rename a role everywhere, as another exporter calls it."""

    def change(draft: Draft) -> Draft:
        for name in [name for name in draft.tensors() if name.endswith(old)]:
            draft.rename(name, name.removesuffix(old) + new)
        return draft

    return change


FAULTS = (
    Fault(
        "T101",
        "a scale lost",
        lose(f"{Q}.weight_scale"),
        Q,
        (*NVFP4, *FP8, *INT8, *W4, *MXFP4, *MXFP8, *BLOCK),
    ),
    Fault("T101", "a global scale lost", lose(f"{Q}.weight_global_scale"), Q, (*NVFP4, *A16)),
    Fault("T101", "an activation's global scale lost", lose(f"{Q}.input_global_scale"), Q, NVFP4),
    Fault(
        "T101",
        "an activation's scale lost",
        lose(f"{Q}.input_scale"),
        Q,
        (*STATIC, "llama-w8a8-static-asym"),
    ),
    Fault("T101", "zero points lost", lose(f"{Q}.weight_zero_point"), Q, ASYM),
    Fault("T101", "the shape of packed weights lost", lose(f"{Q}.weight_shape"), Q, PACKED),
    Fault("T101", "packed weights lost", lose(f"{Q}.weight_packed"), Q, (*NVFP4, *W4, *MXFP4)),
    Fault(
        "T101",
        "a scale of one expert lost",
        lose(f"{EXPERT}.weight_scale"),
        EXPERT,
        ("qwen3_moe-nvfp4", "qwen3_moe-fp8"),
    ),
    Fault(
        "T101",
        "the activation's scale of one expert lost",
        lose(f"{EXPERT}.input_global_scale"),
        EXPERT,
        ("qwen3_moe-nvfp4",),
    ),
    Fault(
        "T102",
        "a scale of dynamic activations",
        put(f"{Q}.input_scale", "BF16", 1, beside=f"{Q}.weight_scale"),
        f"{Q}.input_scale",
        FP8,
        ("V110",),
    ),
    Fault(
        "T101",
        "a scale below a module that is not there",
        put("model.layers.1.mlp.fc.weight_scale", "BF16", 4, 1, beside=NORM),
        "model.layers.1.mlp.fc",
        FP8,
        ("T118",),
    ),
    Fault("T103", "one module left in BF16", plain(OUT, 128, 128), OUT, (*NVFP4, *FP8, *W4)),
    Fault(
        "T103",
        "one expert left in BF16",
        plain(EXPERT, 64, 128),
        EXPERT,
        ("qwen3_moe-nvfp4",),
        ("T110",),
    ),
    Fault(
        "T105",
        "one scale for the tensor, declared by channel",
        retype(f"{OUT}.weight_scale", "BF16", 1),
        OUT,
        FP8,
        ("V103",),
    ),
    Fault(
        "T105",
        "a scale by channel, declared for the tensor",
        retype(f"{OUT}.weight_scale", "BF16", 128, 1),
        OUT,
        STATIC,
        ("V103",),
    ),
    Fault(
        "T105", "blocks of 64", retype(f"{OUT}.weight_scale", "BF16", 2, 4), OUT, BLOCK, ("V103",)
    ),
    Fault(
        "T106",
        "a block scale in BF16",
        retype(f"{OUT}.weight_scale", "BF16", 128, 8),
        f"{OUT}.weight_scale",
        NVFP4,
        ("V103",),
    ),
    Fault(
        "T106",
        "a global scale in BF16",
        retype(f"{OUT}.weight_global_scale", "BF16", 1),
        f"{OUT}.weight_global_scale",
        NVFP4,
        ("V107",),
    ),
    Fault(
        "T106",
        "exponents as floats",
        retype(f"{OUT}.weight_scale", "BF16", 128, 4),
        f"{OUT}.weight_scale",
        MXFP4,
        ("V103",),
    ),
    Fault(
        "T106",
        "INT8 codes as unsigned",
        retype(f"{OUT}.weight", "U8", 128, 128),
        f"{OUT}.weight",
        INT8,
        ("V113",),
    ),
    Fault(
        "T107",
        "a scale of other rows",
        retype(f"{OUT}.weight_scale", "BF16", 64, 1),
        f"{OUT}.weight_scale",
        FP8,
        ("V103",),
    ),
    Fault(
        "T107",
        "two global scales",
        retype(f"{OUT}.weight_global_scale", "F32", 2),
        f"{OUT}.weight_global_scale",
        NVFP4,
        ("V107",),
    ),
    Fault(
        "T107",
        "block scales of half the columns",
        retype(f"{OUT}.weight_scale", "F8_E4M3", 128, 4),
        f"{OUT}.weight_scale",
        NVFP4,
        ("V103",),
    ),
    Fault(
        "T107",
        "zero points not packed",
        retype(f"{OUT}.weight_zero_point", "I32", 128, 1),
        f"{OUT}.weight_zero_point",
        ASYM,
        ("V118",),
    ),
    Fault(
        "T108",
        "the weight stored packed and plain",
        put(f"{OUT}.weight", "BF16", 128, 128, beside=f"{OUT}.weight_packed"),
        f"{OUT}.weight",
        NVFP4,
        ("V113",),
    ),
    Fault(
        "T109",
        "a shape with its parts exchanged",
        lambda d: d.patch(
            f"{DOWN}.weight_shape", (256).to_bytes(8, "little") + (128).to_bytes(8, "little")
        ),
        f"{DOWN}.weight_shape",
        W4,
    ),
    Fault(
        "Q104",
        "a quantized router",
        retype("model.layers.0.mlp.gate.weight", "F8_E4M3", 8, 128),
        "model.layers.0.mlp.gate",
        ("qwen3_moe-fp8",),
        ("V113",),
    ),
    Fault("T117", "a norm lost", lose(NORM), "model.layers.1.input_layernorm", (*NVFP4, *FP8)),
    Fault("T117", "the last norm lost", lose("model.norm.weight"), "model.norm", NVFP4),
    Fault("T117", "a bias lost", lose(f"{Q}.bias"), Q, ("qwen2-bias-int8",)),
    Fault(
        "T117",
        "a projection lost with all its tensors",
        lambda d: [d.drop(n) for n in d.tensors() if n.startswith(f"{OUT}.")],
        OUT,
        (*NVFP4, *FP8, *W4),
    ),
    Fault(
        "T118",
        "a tensor of another model",
        put("model.layers.1.self_attn.rotary.cache", "BF16", 4, 4, beside=NORM),
        "model.layers.1.self_attn.rotary.cache",
        NVFP4,
    ),
    Fault(
        "T101",
        "scales under ModelOpt's name",
        swap_dtype("weight_global_scale", "weight_scale_2"),
        OUT,
        NVFP4,
        ("V119",),
    ),
    Fault("T119", "one norm in F32", retype(NORM, "F32", 128), NORM, NVFP4, ("V119",)),
    Fault(
        "C107",
        "a projection of another size",
        retype(f"{OUT}.weight", "F8_E4M3", 64, 128),
        OUT,
        FP8,
        ("T107", "V113", "T105"),
    ),
    Fault(
        "C106",
        "a norm of another size",
        retype(NORM, "BF16", 64),
        "model.layers.1.input_layernorm",
        NVFP4,
        ("V119",),
    ),
    Fault(
        "Q114",
        "keys' scale lost, values' kept",
        lose("model.layers.1.self_attn.k_scale"),
        "model.layers.1.self_attn",
        ("qwen3-fp8-kv",),
    ),
    Fault(
        "Q104",
        "a tower quantized",
        retype("model.visual.blocks.0.attn.proj.weight", "F8_E4M3", 64, 64),
        "model.visual.blocks.0.attn.proj",
        ("demo",),
        ("V113",),
    ),
)
