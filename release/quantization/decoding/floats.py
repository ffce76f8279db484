"""Bytes of a float dtype as float32, exactly: every value of these dtypes is one of float32's."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

FLOAT_WIDTHS = {
    "BF16": 2,
    "F16": 2,
    "F32": 4,
    "F64": 8,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "F8_E8M0": 1,
}
"""Bytes of each dtype that `to_float32` reads."""

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def to_float32(raw: bytes | memoryview, dtype: str) -> Floats:
    """Read values of a dtype of `FLOAT_WIDTHS`; F64 alone is rounded. Raises `KeyError`."""
    if dtype == "BF16":
        words = np.frombuffer(raw, "<u2").astype(np.uint32)
        words <<= 16
        return words.view(np.float32)
    if dtype in {"F16", "F32", "F64"}:
        return np.frombuffer(raw, f"<f{FLOAT_WIDTHS[dtype]}").astype(np.float32)
    table = {"F8_E4M3": e4m3, "F8_E5M2": e5m2, "F8_E8M0": e8m0}[dtype]()
    return table.take(np.frombuffer(raw, np.uint8))


@lru_cache(1)
def e4m3() -> Floats:
    """The value of each byte as E4M3FN: no infinity, NaN where all seven bits are set."""
    values = _minifloat(exponent_bits=4, mantissa_bits=3)
    values[[0x7F, 0xFF]] = np.nan
    return values


@lru_cache(1)
def e5m2() -> Floats:
    """The value of each byte as E5M2, which has infinities and NaN as IEEE has them."""
    values = _minifloat(exponent_bits=5, mantissa_bits=2)
    values[[0x7C, 0xFC]] = np.inf, -np.inf
    values[[0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF]] = np.nan
    return values


@lru_cache(1)
def e8m0() -> Floats:
    """The value of each byte as E8M0: 2 ** (byte - 127), and NaN for 255 (OCP MX 1.0)."""
    return np.append(np.ldexp(1.0, np.arange(0xFF) - 127), np.nan).astype(np.float32)


def _minifloat(exponent_bits: int, mantissa_bits: int) -> Floats:
    codes = np.arange(256)
    sign = np.where(codes & 0x80, -1.0, 1.0)
    exponent = (codes & 0x7F) >> mantissa_bits
    mantissa = (codes & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    bias = (1 << (exponent_bits - 1)) - 1
    fraction = np.where(exponent == 0, mantissa, 1 + mantissa)
    values: Floats = (sign * np.ldexp(fraction, np.maximum(exponent, 1) - bias)).astype(np.float32)
    return values
