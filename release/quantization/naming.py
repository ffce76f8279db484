"""What people call a scheme."""

from release.quantization.arguments import GROUPED, Args
from release.quantization.formats import BYTE, E8M0_SCALE, FP4, MX_GROUP, NVFP4_GROUP


def scheme_name(weights: Args, inputs: Args | None) -> str:
    """Give the field's name of a scheme: NVFP4, FP8_DYNAMIC, W4A16_ASYM..."""
    bits = weights.num_bits
    family = _float_family(weights)
    if family:
        if inputs is None:
            return f"{family}A16"
        same = (inputs.type, inputs.num_bits) == (weights.type, bits)
        # As the presets of compressed-tensors 0.20 have it: MXFP4XFP8, MXFP6A8.
        return family if same else f"{family}{'XFP' if bits == FP4 else 'A'}{inputs.num_bits}"
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
    family = _float_family(weights)
    if family:
        return family
    kind = "FP" if weights.type == "float" else "INT"
    per = weights.strategy
    if per in GROUPED:
        per = f"group of {weights.group_size}"
    if weights.block_structure:
        rows, columns = weights.block_structure
        per = f"block of {rows} x {columns}"
    return f"{kind}{weights.num_bits} per {per}"


def _float_family(weights: Args) -> str | None:
    """The name of floats with a scale for each small group; None for those of 8 bits alone."""
    size, bits = weights.group_size, weights.num_bits
    if weights.type != "float" or (bits == BYTE and weights.scale_dtype != E8M0_SCALE):
        return None
    if size == MX_GROUP:
        return f"MXFP{bits}"
    nvfp4 = bits == FP4 and size == NVFP4_GROUP and weights.strategy == "tensor_group"
    return "NVFP4" if nvfp4 else f"FP{bits}_G{size}"


def _fp8_name(weights: Args, inputs: Args | None) -> str:
    if inputs is None:
        return "FP8A16"
    if weights.strategy == "block":
        return "FP8_BLOCK"
    return "FP8_DYNAMIC" if inputs.dynamic else "FP8"
