"""Which formats can hold which arguments: a format is a name for a storage layout."""

from release.quantization.arguments import Args
from release.quantization.config import DENSE, MIXED, QuantizationConfig

NVFP4, MXFP4, MXFP8 = "nvfp4-pack-quantized", "mxfp4-pack-quantized", "mxfp8-quantized"
MXFP6 = "mxfp6-pack-quantized"  # since compressed-tensors 0.20
PACKED, FLOAT, INT, NAIVE = "pack-quantized", "float-quantized", "int-quantized", "naive-quantized"
PLAIN = frozenset({FLOAT, INT, NAIVE})  # one compressor under three names
LEGACY = frozenset({"sparse-bitmask", "sparse-24-bitmask", "marlin-24"})
NO_FORMAT = frozenset({None, DENSE, MIXED, "fakequant"})

FP4, FP6, BYTE = 4, 6, 8  # bits
NVFP4_GROUP, MX_GROUP = 16, 32
E8M0_SCALE, E4M3_SCALE = "torch.uint8", "torch.float8_e4m3fn"
SCALE_DTYPES = {NVFP4: E4M3_SCALE, MXFP4: E8M0_SCALE, MXFP6: E8M0_SCALE, MXFP8: E8M0_SCALE}


def infer_format(weights: Args, inputs: Args | None) -> str:
    """Give the format compressed_tensors stores these arguments in when none is set.

    Follows compressors/format.py: the first format of its priority list that can hold them.
    """
    if weights.type == "float" and weights.num_bits == FP4:
        if weights.group_size == MX_GROUP:
            return MXFP4
        if weights.group_size == NVFP4_GROUP:
            return NVFP4
    if weights.type == "float" and weights.num_bits == FP6 and weights.group_size == MX_GROUP:
        return MXFP6
    is_mx8 = weights.group_size == MX_GROUP and weights.scale_dtype == E8M0_SCALE
    if weights.type == "float" and weights.num_bits == BYTE and is_mx8:
        return MXFP8
    if weights.type == "int":
        packable = weights.num_bits <= BYTE
        return INT if inputs is not None else PACKED if packable else NAIVE
    return NAIVE if inputs is None else FLOAT


def is_storable(weights: Args, inputs: Args | None) -> bool:
    """Whether any format holds the weights: none has floats under 8 bits but the FP4 ones."""
    plain = infer_format(weights, inputs) in PLAIN
    return not (plain and weights.type == "float" and weights.num_bits < BYTE)


def can_hold(form: str, weights: Args, inputs: Args | None) -> bool:
    """Whether a format can be the right one for these arguments.

    Integers are packed or not as the version at hand chose; what FP8 needs is a plain format; each
    kind of FP4 and MXFP8 has one of its own.
    """
    inferred = infer_format(weights, inputs)
    if form == inferred or form in LEGACY:
        return True
    if form == PACKED:
        return weights.type == "int" and weights.num_bits <= BYTE
    return form in PLAIN and (weights.type == "int" or inferred in PLAIN)


def states_format(config: QuantizationConfig) -> bool:
    """Whether the top level names the format of groups that name none."""
    return config.format not in NO_FORMAT
