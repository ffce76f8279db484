"""The error that each scheme should stay under, and which sign of an error means what.

Measured on weights that llm-compressor 0.14 wrote and on Gauss, Laplace, Student and log-normal
ones with outlier columns, rounded by compressed_tensors 0.19; GPTQ with strongly correlated inputs.
What is under them is held against plain rounding of the same weights, by `ideal`. On the trained
matrices of a sentence encoder, as the projections of a Llama, every preset stays above them.
"""

import msgspec

from release.quantization.schemes import Scheme

BYTE, FOUR, THREE = 8, 4, 3


class Floors(msgspec.Struct, frozen=True):
    """One scheme's bounds. Ratios, SQNR in dB.

    `rounded` and `moved` are the least SQNR of round-to-nearest and of methods that move weights
    on purpose (GPTQ, AutoRound); `typical` the share of agreeing codes under which
    round-to-nearest is odd; `clip` how far beyond the largest code a value may lie: the
    rounding of scales and zero points, and a quarter for observers that minimise the squared error.
    `grouped` is the most columns of a group whose slope tells anything: beside one large value,
    very many small ones are flushed or rounded up. `flushed` is the share of values above which so
    many stored as zero are odd: with two bits, two thirds of a normal distribution are.
    """

    cosine: float
    rounded: float
    moved: float
    slope: tuple[float, float]
    row: float
    typical: float
    clip: float
    flushed: float = 0.60
    grouped: int = 0

    @property
    def group_slope(self) -> tuple[float, float]:
        """The bounds of a single group's slope, which has few values to even its rounding out."""
        low, high = self.slope
        return low * 0.6, high * 1.7


NEAR_ROUNDED, NEAR_MOVED = 0.98, 0.60
"""Shares of codes within one step of the base's, for the two kinds of method."""

TYPICAL_FITTED = 0.90
"""Share of agreeing codes where the factors of columns or rows are an estimate from these codes."""

EXACT = 0.60
"""Share of codes equal to the base's under which rounding to nearest is wrong, not only odd."""

FLOAT8 = Floors(0.995, 29, 22, (0.97, 1.03), 15, 0.90, 1.40, grouped=1024)
NVFP4 = Floors(0.95, 18.5, 9, (0.93, 1.07), 6, 0.97, 1.40, grouped=64)
MXFP4 = Floors(0.93, 14, 8, (0.90, 1.07), 5, 0.97, 1.75, grouped=64)  # its scales are powers of two
INT8 = Floors(0.99, 24, 18, (0.97, 1.03), 12, 0.75, 1.35, grouped=1024)
INT5 = Floors(
    0.95, 13, 9, (0.95, 1.05), 6, 0.88, 1.40, grouped=256
)  # to 7: the more codes, the fewer agree
INT4 = Floors(0.90, 10, 7, (0.90, 1.07), 4, 0.97, 1.45, grouped=128)
INT4_ASYMMETRIC = Floors(0.90, 12.5, 7, (0.90, 1.07), 4, 0.97, 1.45, grouped=128)
INT3 = Floors(0.85, 6, 4, (0.90, 1.07), 2, 0.97, 1.60, 0.85)
INT2 = Floors(0.50, 0.5, 0, (0.30, 1.20), 0, 0.97, 1.90, 0.95)


def floors_of(scheme: Scheme, *, fitted: bool) -> Floors:
    """Choose the bounds of a scheme; wider where factors were fitted to the weights."""
    floors = _rounded(scheme)
    typical = min(floors.typical, TYPICAL_FITTED)
    return msgspec.structs.replace(floors, typical=typical) if fitted else floors


def _rounded(scheme: Scheme) -> Floors:
    weights = scheme.weights
    if weights.type == "float":
        if weights.num_bits == BYTE:
            return FLOAT8
        return NVFP4 if weights.strategy == "tensor_group" else MXFP4
    if weights.num_bits >= BYTE:
        return INT8
    if weights.num_bits > FOUR:
        return INT5
    if weights.num_bits == FOUR:
        return INT4 if weights.symmetric else INT4_ASYMMETRIC
    return INT3 if weights.num_bits == THREE else INT2
