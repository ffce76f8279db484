"""Rows of the base as float32, whatever tensor, slice or stack of tensors they lie in."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError

import numpy as np

from release.checkpoint import Checkpoint, TensorInfo
from release.comparison.ahead import ReadAhead
from release.comparison.forms import Form, forms_of
from release.comparison.pairing import Slab, View
from release.comparison.stored import PLAIN, Stored, Unreadable, stored
from release.errors import CheckpointError
from release.quantization.config import find_quantization
from release.quantization.decoding.floats import Floats

__all__ = ["PLAIN", "Matrix", "Source", "Unreadable", "quiet"]

Advance = Callable[[int], object]
MATRIX = 2


def quiet(_count: int) -> None:
    """Tell nobody of the progress."""


class Source:
    """Bytes of a checkpoint's tensors. `advance` is told how many were read.

    `name` stands before a file's in what is said of it; `forms` are the weights by the names that
    views have for them. Once it is `stopped`, reading raises.
    """

    def __init__(
        self, checkpoint: Checkpoint, name: str = "", forms: Mapping[str, Form] | None = None
    ) -> None:
        self._source, self._name = checkpoint.source, name
        self.remote = checkpoint.source.origin is not None
        self._ahead = ReadAhead(checkpoint.source.read)
        self.advance: Advance = quiet
        self.stopped = False
        self._forms = forms_of(checkpoint.tensors) if forms is None else forms
        self._block = _declared_block(checkpoint)

    def stored(self, tensor: str, expert: int | None = None) -> Stored:
        """Open a matrix: a tensor, or one expert of a stack of them. Raises `Unreadable`."""
        return stored(tensor, self._forms[tensor], expert, self.read, self._block)

    def read(self, info: TensorInfo, at: int, count: int) -> bytes:
        """Read `count` bytes of a tensor from its byte `at`. Raises `CheckpointError`."""
        if self.stopped:
            raise CancelledError
        file = self._name + info.shard
        try:
            if self.remote:
                raw = self._ahead.read(info, at, count)
            else:
                raw = self._source.read(info.shard, info.start + at, count)
        except CheckpointError as error:
            raise CheckpointError(file, error.what, error.hint) from None
        if len(raw) != count:
            what = f"ends inside a tensor: {count:,} bytes wanted, {len(raw):,} read"
            raise CheckpointError(file, what, "verify again when nothing writes to it")
        self.advance(count)
        return raw


def _declared_block(checkpoint: Checkpoint) -> tuple[int, int] | None:
    """The block of a base whose own FP8 has one, `weight_block_size` of transformers."""
    found = find_quantization(checkpoint.config.value) if checkpoint.config else None
    block = found[1].get("weight_block_size") if found and isinstance(found[1], dict) else None
    if not isinstance(block, list) or len(block) != MATRIX:
        return None
    rows, columns = block
    good = all(type(size) is int and size > 0 for size in block)
    return (rows, columns) if good else None


class Matrix:
    """A view of the base as a matrix of `rows` rows. Reading raises `Unreadable`."""

    def __init__(self, view: View, source: Source) -> None:
        self._slabs = [_Slab(slab, source) for slab in view]
        self.rows = sum(slab.rows for slab in self._slabs)
        self.columns = self._slabs[0].columns
        self.dtypes = frozenset(slab.dtype for slab in self._slabs)
        self.rounded = any(slab.rounded for slab in self._slabs)

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
        """Rows as the base stores them; None where they lie in several places, or are scaled."""
        return self._slabs[0].raw(start, stop) if len(self._slabs) == 1 else None


class _Slab:
    """One slab; a transposed one is kept whole while it is read, as its rows lie scattered."""

    def __init__(self, slab: Slab, source: Source) -> None:
        self._stored = source.stored(slab.tensor, slab.expert)
        self._transposed = slab.transposed
        self.dtype, self.rounded = self._stored.dtype, self._stored.rounded
        height, self.columns = self._stored.rows, self._stored.columns
        if slab.transposed:
            height, self.columns = self.columns, height
        self._rows = range(slab.start, height if slab.stop is None else slab.stop, slab.step)
        self._upright: Floats | None = None
        self.rows = len(self._rows)

    def read(self, first: int, last: int) -> Floats:
        rows = self._rows[first:last]
        if self._transposed:
            return self._turned()[rows.start : rows[-1] + 1 : rows.step]
        return self._stored.rows_of(rows.start, rows[-1] + 1)[:: rows.step]

    def raw(self, first: int, last: int) -> bytes | None:
        if self._transposed or self._rows.step > 1:
            return None
        start = self._rows[first]
        return self._stored.raw(start, start + last - first)

    def _turned(self) -> Floats:
        if self._upright is None:
            lying = self._stored.rows_of(0, self._stored.rows)
            self._upright = np.ascontiguousarray(lying.T)
        return self._upright
