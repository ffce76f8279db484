"""Rows of the base as float32, whatever tensor, slice or stack of tensors they lie in."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError

import numpy as np

from release.checkpoint import Checkpoint, TensorInfo
from release.checkpoint.header import DTYPE_BITS, product
from release.comparison.pairing import Slab, View
from release.errors import CheckpointError
from release.quantization.decoding import to_float32
from release.quantization.decoding.floats import Floats

PLAIN = {"BF16", "F16", "F32", "F64"}

Advance = Callable[[int], object]


class Unreadable(Exception):  # noqa: N818 - a base that is quantized in its own way is no fault
    """The base holds a tensor in a form that is not compared."""


def quiet(_count: int) -> None:
    """Tell nobody of the progress."""


class Source:
    """Bytes of a checkpoint's tensors. `advance` is told how many were read.

    `name` stands before a file's in what is said of it. Once it is `stopped`, reading raises.
    """

    def __init__(self, checkpoint: Checkpoint, name: str = "") -> None:
        self._source, self._name = checkpoint.source, name
        self.advance: Advance = quiet
        self.stopped = False
        self.tensors: Mapping[str, TensorInfo] = checkpoint.tensors

    def read(self, info: TensorInfo, at: int, count: int) -> bytes:
        """Read `count` bytes of a tensor from its byte `at`. Raises `CheckpointError`."""
        if self.stopped:
            raise CancelledError
        raw = self._source.read(info.shard, info.start + at, count)
        if len(raw) != count:
            what = f"ends inside a tensor: {count:,} bytes wanted, {len(raw):,} read"
            raise CheckpointError(
                self._name + info.shard, what, "verify again when nothing writes to it"
            )
        self.advance(count)
        return raw


class Matrix:
    """A view of the base as a matrix of `rows` rows. Reading raises `Unreadable`."""

    def __init__(self, view: View, source: Source) -> None:
        self._slabs = [_Slab(slab, source) for slab in view]
        self.rows = sum(slab.rows for slab in self._slabs)
        self.columns = self._slabs[0].columns
        self.dtypes = frozenset(slab.dtype for slab in self._slabs)

    def read(self, start: int, stop: int) -> Floats:
        """Rows `start` to `stop` as float32: (rows, columns)."""
        parts, offset = [], 0
        for slab in self._slabs:
            first, last = max(start - offset, 0), min(stop - offset, slab.rows)
            if first < last:
                parts.append(slab.read(first, last))
            offset += slab.rows
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def raw(self, start: int, stop: int) -> bytes | None:
        """Rows as the base stores them; None where they lie in several places."""
        return self._slabs[0].raw(start, stop) if len(self._slabs) == 1 else None


class _Slab:
    """One slab; a transposed one is kept whole while it is read, as its rows lie scattered."""

    def __init__(self, slab: Slab, source: Source) -> None:
        self._info = source.tensors[slab.tensor]
        bits = DTYPE_BITS[self._info.dtype]
        if bits % 8:
            raise Unreadable(f"{slab.tensor} of the base is {self._info.dtype}")
        shape = self._info.shape if slab.expert is None else self._info.shape[1:]
        height, self.columns = (shape[0] if shape else 1), product(shape[1:])
        self._slab, self._source = slab, source
        self._width = bits // 8
        self._start = (slab.expert or 0) * height * self.columns * self._width
        if slab.transposed:
            height, self.columns = self.columns, height
        self._rows = range(slab.start, height if slab.stop is None else slab.stop, slab.step)
        self._upright: Floats | None = None
        self._scales = _Scales.of(slab, source)
        self.dtype = "F32" if self._scales else self._info.dtype
        self.rows = len(self._rows)

    def read(self, first: int, last: int) -> Floats:
        if self.dtype not in PLAIN:
            raise Unreadable(f"{self._slab.tensor} of the base is {self._info.dtype}")
        rows = self._rows[first:last]
        if self._slab.transposed:
            return self._turned()[rows.start : rows[-1] + 1 : rows.step]
        return self._matrix(rows.start, rows[-1] + 1)[:: rows.step]

    def raw(self, first: int, last: int) -> bytes | None:
        if self._slab.transposed or self._rows.step > 1 or self._scales:
            return None
        row = self.columns * self._width
        at = self._start + self._rows[first] * row
        return self._source.read(self._info, at, (last - first) * row)

    def _turned(self) -> Floats:
        if self._upright is None:
            self._upright = np.ascontiguousarray(self._lying().T)
        return self._upright

    def _lying(self) -> Floats:
        height = self._info.shape[-1]
        raw = self._source.read(self._info, self._start, self.columns * height * self._width)
        return to_float32(raw, self._info.dtype).reshape(self.columns, height)

    def _matrix(self, first: int, last: int) -> Floats:
        row = self.columns * self._width
        raw = self._source.read(self._info, self._start + first * row, (last - first) * row)
        values = to_float32(raw, self._info.dtype).reshape(last - first, self.columns)
        return self._scales.apply(values, first) if self._scales else values


class _Scales:
    """The scales of an FP8 weight: one, one a row, or one for each block of 128 x 128.

    DeepSeek's releases call them weight_scale_inv and multiply by them nevertheless.
    """

    BLOCK = 128

    def __init__(self, info: TensorInfo, weight: TensorInfo, source: Source) -> None:
        scales = to_float32(source.read(info, 0, info.nbytes), info.dtype)
        rows, columns = weight.shape
        self._height = self._width = 1
        if info.shape == (-(-rows // self.BLOCK), -(-columns // self.BLOCK)):
            self._height = self._width = self.BLOCK
            self._scales = scales.reshape(info.shape)
        elif info.shape in {(rows,), (rows, 1)}:
            self._scales = scales.reshape(rows, 1)
        elif info.elements == 1:
            self._height, self._scales = rows, scales.reshape(1, 1)
        else:
            raise Unreadable(f"the base's scales of {list(info.shape)} have no form that is known")

    @classmethod
    def of(cls, slab: Slab, source: Source) -> "_Scales | None":
        """Find the scales of a slab's tensor, if it is one that has any."""
        weight = source.tensors[slab.tensor]
        if weight.dtype != "F8_E4M3" or len(weight.shape) != 2:  # noqa: PLR2004 - a matrix
            return None
        names = (f"{slab.tensor}_scale_inv", f"{slab.tensor}_scale")
        found = next((name for name in names if name in source.tensors), None)
        info = source.tensors[found] if found else None
        return cls(info, weight, source) if info and info.dtype in PLAIN else None

    def apply(self, values: Floats, first: int) -> Floats:
        """Multiply rows from `first` on by their scales."""
        above = first // self._height
        last = -(-(first + len(values)) // self._height)
        scales = np.repeat(self._scales[above:last], self._height, axis=0)
        scales = scales[first - above * self._height :][: len(values)]
        return values * np.repeat(scales, self._width, axis=1)[:, : values.shape[1]]
