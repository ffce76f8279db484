"""What people call a scheme."""

from release.quantization.arguments import GROUPED, Args
from release.quantization.formats import E8M0_SCALE, FP4, MX_GROUP, NVFP4_GROUP


def scheme_name(weights: Args, inputs: Args | None) -> str:
    """Give the field's name of a scheme: NVFP4, FP8_DYNAMIC, W4A16_ASYM..."""
    bits, size = weights.num_bits, weights.group_size
    if weights.type == "float" and bits == FP4:
        family = {NVFP4_GROUP: "NVFP4", MX_GROUP: "MXFP4"}.get(size or 0, f"FP4_G{size}")
        return family if inputs else f"{family}A16"
    if weights.type == "float":
        return _fp8_name(weights, inputs)
    suffix = "" if weights.symmetric else "_ASYM"
    if inputs is None:
        return f"W{bits}A16{suffix}"
    activation = "FP8" if inputs.type == "float" else str(inputs.num_bits)
    static = "" if inputs.dynamic else "_STATIC"
    return f"W{bits}A{activation}{suffix}{static}"


def weights_in_words(weights: Args) -> str:
    """Say how the weights alone are stored: "NVFP4", "FP8 per channel", "INT4 per group of 128"."""
    family = scheme_name(weights, None).removesuffix("A16")
    if family in {"NVFP4", "MXFP4", "MXFP8"}:
        return family
    kind = "FP" if weights.type == "float" else "INT"
    per = weights.strategy
    if per in GROUPED:
        per = f"group of {weights.group_size}"
    if weights.block_structure:
        rows, columns = weights.block_structure
        per = f"block of {rows} x {columns}"
    return f"{kind}{weights.num_bits} per {per}"


def _fp8_name(weights: Args, inputs: Args | None) -> str:
    if weights.group_size == MX_GROUP and weights.scale_dtype == E8M0_SCALE:
        return "MXFP8" if inputs else "MXFP8A16"
    if inputs is None:
        return "FP8A16"
    if weights.strategy == "block":
        return "FP8_BLOCK"
    return "FP8_DYNAMIC" if inputs.dynamic else "FP8"
