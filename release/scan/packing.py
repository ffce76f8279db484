"""Codes inside words: FP4 pairs, and offset integers as fields of a little-endian bit stream."""

from typing import Any

import numpy as np
import numpy.typing as npt

from release.scan.layout import WORD_BITS, Kind, Reading

Array = npt.NDArray[Any]


def zero_row(reading: Reading) -> Array | None:
    """The words of a row in which every code is zero; None where zero has no one code.

    Where rows are not looked at, any part of one: fields that fill their words.
    """
    if reading.kind is not Kind.PACKED or not reading.symmetric:
        return None
    if WORD_BITS % reading.bits == 0 and reading.columns * reading.bits % WORD_BITS == 0:
        fields = range(0, WORD_BITS, reading.bits)
        word = sum(1 << (start + reading.bits - 1) for start in fields)
        return np.array([word], np.uint32)
    if not reading.row:
        return None
    bits = np.zeros(reading.row * WORD_BITS, np.uint8)
    bits[reading.bits - 1 : reading.columns * reading.bits : reading.bits] = 1
    return np.packbits(bits, bitorder="little").view(np.uint32)


def unpack_fields(words: Array, bits: int) -> Array:
    """Unsigned fields of `bits` (2 to 8) from whole words of a bit stream; a rest is dropped."""
    raw = words.view(np.uint8)
    if bits == 8:  # noqa: PLR2004 - a field is a byte
        return raw
    if bits == 4:  # noqa: PLR2004 - two fields a byte
        return np.stack((raw & 15, raw >> 4), axis=-1).reshape(-1)
    stream = np.unpackbits(raw, bitorder="little")
    fields = stream[: len(stream) // bits * bits].reshape(-1, bits)
    weights = (1 << np.arange(bits)).astype(np.uint8)
    return fields @ weights


def padding_rows(grid: Array, reading: Reading) -> Array:
    """Which rows have a bit set behind their last code; `grid` holds rows of words."""
    used = reading.columns * reading.bits
    whole, rest = divmod(used, WORD_BITS)
    if whole >= grid.shape[1]:
        return np.zeros(len(grid), np.bool_)
    last = grid[:, whole] >> np.uint32(rest)
    beyond = np.bitwise_or.reduce(grid[:, whole + 1 :], axis=1)
    set_rows: Array = (last | beyond) != 0
    return set_rows


def all_zero(raw: bytes, dtype: str, bits: int) -> bool:
    """Whether all codes in some bytes of a weight are zero; `bits` are those of packed integers."""
    if dtype == "I32":
        words = np.frombuffer(raw[: len(raw) // 4 * 4], np.uint32)
        return bool((unpack_fields(words, bits) == 1 << (bits - 1)).all())
    masks = {"U8": 0x77, "F8_E4M3": 0x7F, "F8_E5M2": 0x7F}
    codes = np.frombuffer(raw, np.uint8) & np.uint8(masks.get(dtype, 0xFF))
    return not codes.any()
