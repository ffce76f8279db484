"""A quantized weight, read by ranges of rows: codes, scales, zero points, and what they make.

The formulas are those of compressed_tensors' decompressors (lifecycle/forward_helpers.py), in
float32: `value = (code - zero point) * scale / global scale`.
"""

from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt

from release.checkpoint import TensorInfo
from release.quantization.decoding.codebook import Codebook, float_book, offset_book, signed_book
from release.quantization.decoding.floats import Floats, to_float32
from release.quantization.decoding.packing import Bytes, unpack_fields
from release.quantization.schemes import Scheme

Read = Callable[[TensorInfo, int, int], bytes]
"""Reads bytes of a tensor: from a position in it, that many of them."""

EXPONENTS = {"U8", "F8_E8M0"}
WORD_BITS = 32
"""So many zero points fill whole words, whatever their bits."""


class Undecodable(Exception):  # noqa: N818 - what is wrong with the tensors is other rules' to say
    """The tensors of a module are not those that its scheme describes."""


class Rows(msgspec.Struct, frozen=True):
    """Some rows of a weight: codes (rows, in), and each one's factor and zero point.

    `factor` and `zero` have the shape of `codes`, or one that broadcasts to it.
    """

    book: Codebook
    codes: Bytes
    factor: Floats
    zero: Floats | None = None

    def values(self) -> Floats:
        """Dequantize: (rows, in)."""
        numbers: Floats = self.book.values.take(self.codes)
        if self.zero is not None:
            numbers -= self.zero
        numbers *= self.factor
        return numbers

    def in_steps(self, weights: Floats) -> Floats:
        """Divide other weights by these scales, so that they can be held against the codes."""
        with np.errstate(all="ignore"):  # a scale of zero agrees with nothing, and should
            numbers = weights / self.factor
        return numbers if self.zero is None else numbers + self.zero


class Decoder:
    """Decodes one module's weight of logical `shape` (out, in).

    Raises `Undecodable` when its tensors have not the dtypes and shapes of the scheme.
    """

    def __init__(
        self, scheme: Scheme, shape: tuple[int, int], tensors: dict[str, TensorInfo], read: Read
    ) -> None:
        self.scheme, self.shape, self.tensors, self._read = scheme, shape, tensors, read
        for slot in scheme.slots:
            info = tensors.get(slot.role)
            if not slot.role.startswith("weight") or slot.role == "weight_shape":
                continue
            if info is None and not slot.required:
                continue
            if info is None:
                raise Undecodable(f"{slot.role} is missing")
            implied = scheme.expected_shape(slot, *shape)
            scalar = implied == (1,) and info.shape == ()
            if info.dtype not in slot.dtypes or not (info.shape == implied or scalar):
                raise Undecodable(f"{slot.role} is {info.dtype} {list(info.shape)}")
        self.book = _book(scheme)
        self._columns = self._column_groups()
        self._divisor = self._whole("weight_global_scale")

    @property
    def group(self) -> int:
        """How many columns, side by side, share a scale with no others of their row; 0 for all."""
        width = self._width()
        return width if self._columns is None and width < self.shape[1] else 0

    @property
    def powers(self) -> bool:
        """Whether its scales are powers of two."""
        return self.tensors["weight_scale"].dtype in EXPONENTS

    def rows(self, start: int, stop: int) -> Rows:
        """Read rows from `start` up to `stop`."""
        return Rows(
            self.book, self._codes(start, stop), self._factor(start, stop), self._zero(start, stop)
        )

    def _codes(self, start: int, stop: int) -> Bytes:
        raw = self._bytes(self.scheme.weight.role, start, stop)
        packed = self.scheme.weight.role == "weight_packed"
        return unpack_fields(raw, self.scheme.weights.num_bits, self.shape[1]) if packed else raw

    def _factor(self, start: int, stop: int) -> Floats:
        info = self.tensors["weight_scale"]
        if info.elements == 1:
            scale = self._floats("weight_scale", 0, 1).reshape(1, 1)
        else:
            height = self._height()
            first = start // height
            scale = self._floats("weight_scale", first, -(-stop // height))
            if height > 1:
                scale = np.repeat(scale, height, axis=0)[start - first * height :][: stop - start]
        if self._divisor is not None:
            with np.errstate(all="ignore"):
                scale = scale / self._divisor
        return self._spread(scale)

    def _zero(self, start: int, stop: int) -> Floats | None:
        info = self.tensors.get("weight_zero_point")
        if info is None or self.scheme.weights.symmetric:
            return None
        bits = self.scheme.weights.num_bits
        if info.dtype != "I32":
            numbers = self._bytes("weight_zero_point", start, stop).view(np.int8)
            return self._spread(numbers.astype(np.float32))
        above = start % WORD_BITS
        first, last = (start - above) * bits // WORD_BITS, -(-stop * bits // WORD_BITS)
        words = self._bytes("weight_zero_point", first, last).view("<u4")
        lanes = np.ascontiguousarray(words.T).view(np.uint8)
        fields = unpack_fields(lanes, bits, stop - start + above).T[above:].astype(np.float32)
        return self._spread(fields - (1 << (bits - 1)))

    def _spread(self, grouped: Floats) -> Floats:
        """Give each column its group's number: (rows, groups) -> (rows, in)."""
        if grouped.shape[1] == 1:
            return grouped
        if self._columns is not None:
            return grouped[:, self._columns]
        width = self._width()
        return np.repeat(grouped, width, axis=1)[:, : self.shape[1]]

    def _column_groups(self) -> npt.NDArray[np.int64] | None:
        """The group of each column where `weight_g_idx` says so: older activation ordering."""
        info = self.tensors.get("weight_g_idx")
        if info is None:
            return None
        width = {"I32": "<i4", "I64": "<i8"}[info.dtype]
        index = np.frombuffer(self._read(info, 0, info.nbytes), width).astype(np.int64)
        groups = self.tensors["weight_scale"].shape[-1]
        if len(index) and (index.min() < 0 or index.max() >= groups):
            if (index == -1).all():  # how older releases said that there is no order
                return None
            raise Undecodable("weight_g_idx names groups that there are not")
        return index

    def _height(self) -> int:
        block = self.scheme.weights.block_structure
        return block[0] if block else 1

    def _width(self) -> int:
        block = self.scheme.weights.block_structure
        return block[1] if block else self.scheme.weights.group_size or self.shape[1]

    def _whole(self, role: str) -> Floats | None:
        info = self.tensors.get(role)
        return None if info is None else to_float32(self._read(info, 0, info.nbytes), info.dtype)

    def _floats(self, role: str, first: int, last: int) -> Floats:
        info = self.tensors[role]
        raw = self._bytes(role, first, last)
        # The one scale stored as a plain byte is E8M0's.
        dtype = "F8_E8M0" if info.dtype == "U8" else info.dtype
        return to_float32(raw.reshape(-1).data, dtype).reshape(len(raw), -1)

    def _bytes(self, role: str, first: int, last: int) -> Bytes:
        """Rows `first` to `last` of a tensor as bytes: (rows, bytes of a row)."""
        info = self.tensors[role]
        row = info.nbytes // (info.shape[0] if info.shape else 1)
        last = min(last, info.shape[0] if info.shape else 1)
        raw = self._read(info, first * row, (last - first) * row)
        return np.frombuffer(raw, np.uint8).reshape(last - first, row)


def _book(scheme: Scheme) -> Codebook:
    weights = scheme.weights
    try:
        if weights.type == "float":
            return float_book(weights.num_bits)
        packed = scheme.weight.role == "weight_packed"
        return offset_book(weights.num_bits) if packed else signed_book(weights.num_bits)
    except (KeyError, ValueError):
        raise Undecodable(f"codes of {weights.num_bits} bits are not known") from None
