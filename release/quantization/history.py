"""Since which release of vLLM and compressed-tensors what a checkpoint may need is there.

Source: the wheels of vLLM 0.8.5 and of each minor release up to 0.32.0 (what they require, their
registry, their choice of a scheme for every preset), of compressed-tensors 0.9.4 to 0.20.0.
"""

import re

import msgspec

from release.quantization.arguments import Args

OLDEST_VLLM, NEWEST_VLLM = "0.8.5", "0.32.0"
NEWEST_COMPRESSED_TENSORS = "0.20.0"

# compressed-tensors -> the first vLLM that requires it, or a newer one.
PINS = (
    ("0.9.3", OLDEST_VLLM),
    ("0.10.1", "0.9.1"),
    ("0.10.2", "0.9.2"),
    ("0.11.0", "0.10.2"),
    ("0.12.2", "0.11.1"),
    ("0.13.0", "0.14.0"),
    ("0.14.0", "0.19.0"),
    ("0.15.0", "0.19.1"),
    ("0.17.0", "0.23.0"),
)
TRANSFORMERS_5 = "0.19.1"  # the first vLLM that allows it
TOKENIZERS_BACKEND = "5.0.0"  # the first transformers that has the class

# What stands in a declaration -> the first compressed-tensors that can read it.
ARGUMENTS = {"scale_dtype": "0.13.0", "zp_dtype": "0.13.0"}
FORMATS = {
    "nvfp4-pack-quantized": "0.10.1",
    "mixed-precision": "0.11.0",
    "mxfp4-pack-quantized": "0.13.0",
    "mxfp8-quantized": "0.15.0",
    "mxfp6-pack-quantized": "0.20.0",
}
GROUP_FORMAT = "0.11.0"
STRATEGY_BY_HEAD = "0.13.0"

# What vLLM itself must have.
QUANTIZED_HEAD, QUANTIZED_EMBEDDING = "0.20.0", "0.23.0"
CACHE_BY_HEAD, TRANSFORMS = "0.15.0", "0.10.2"

# The first vLLM that refuses what older ones took.
WITHOUT_SPARSITY, WITHOUT_COLUMN_ORDER = "0.22.0", "0.30.0"


class Served(msgspec.Struct, frozen=True):
    """The first vLLM that serves what vLLM 0.32 gives to a kernel.

    `blocks`: only weights in blocks; `alone`: only weights without quantized activations; `bits`:
    only these. The first row that fits counts.
    """

    kernel: str
    version: str
    blocks: bool = False
    alone: bool = False
    bits: tuple[int, ...] | None = None

    def fits(self, weights: Args, inputs: Args | None) -> bool:
        """Whether the row speaks of these arguments."""
        return (
            (not self.blocks or weights.strategy == "block")
            and (not self.alone or inputs is None)
            and (self.bits is None or weights.num_bits in self.bits)
        )


COMMON_BITS = (4, 8)

LINEARS_SERVED = (
    Served("W4A4Fp4", "0.9.1"),
    Served("W4A8Mxfp4", "0.14.0"),
    Served("W4A4Mxfp4", "0.14.0"),
    Served("W8A8Mxfp8", "0.20.0"),
    Served("W4A8Fp8", "0.10.2"),
    Served("WNA8O8Int", "0.23.0"),
    Served("WNA8Int", "0.26.0"),
    Served("WNA4Int", "0.26.0"),
    Served("WNA16", OLDEST_VLLM, bits=COMMON_BITS),
    Served("WNA16", "0.25.0"),
    Served("W8A8Fp8", "0.11.0", blocks=True),
    Served("W8A8Fp8", OLDEST_VLLM),
    Served("W8A16Fp8", "0.11.0", blocks=True),
    Served("W8A16Fp8", OLDEST_VLLM),
    Served("W8A8Int8", OLDEST_VLLM),
    Served("W4A8Int", "0.10.1"),
)

EXPERTS_SERVED = (
    Served("W4A8Mxfp4", "0.15.0"),
    Served("W4A4Mxfp4", "0.15.0"),
    Served("W8A8Mxfp8", "0.20.0"),
    Served("WNA16", OLDEST_VLLM, bits=COMMON_BITS),
    Served("WNA16", "0.27.0"),
    Served("W4A4Nvfp4", "0.14.0", alone=True),
    Served("W4A4Nvfp4", "0.9.2"),
    Served("W8A8Fp8", "0.9.0", blocks=True),
    Served("W8A8Fp8", OLDEST_VLLM),
    Served("W8A8Int8", "0.9.0"),
    Served("W4A8Fp8", "0.13.0"),
    Served("W4A8Int8", "0.11.0"),
)


def served_since(table: tuple[Served, ...], kernel: str, weights: Args, inputs: Args | None) -> str:
    """The first vLLM with a kernel of these arguments. Raises `StopIteration` without a row."""
    return next(r.version for r in table if r.kernel == kernel and r.fits(weights, inputs))


def pinned_since(compressed_tensors: str) -> str | None:
    """The first vLLM that requires this compressed-tensors; None if none does yet."""
    wanted = order(compressed_tensors)
    return next((vllm for version, vllm in PINS if order(version) >= wanted), None)


def after(version: str) -> str:
    """The minor release of vLLM that follows."""
    major, minor, *_ = order(version)
    return f"{major}.{minor + 1}.0"


def order(version: str) -> tuple[int, ...]:
    """A key to sort releases by."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])
