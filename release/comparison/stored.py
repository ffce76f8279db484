"""One matrix of the base as float32, a range of rows at a time, however its form stores it."""

from collections.abc import Callable

import numpy as np

from release.checkpoint import TensorInfo
from release.checkpoint.header import DTYPE_BITS, product
from release.comparison.forms import FP8, Form
from release.quantization.decoding import Decoder, Undecodable, to_float32
from release.quantization.decoding.floats import E2M1, Floats
from release.quantization.decoding.packing import unpack_fields

Read = Callable[[TensorInfo, int, int], bytes]
Block = tuple[int, int]

PLAIN = {"BF16", "F16", "F32", "F64"}
USUAL_BLOCK = (128, 128)
MATRIX, NIBBLE = 2, 4


class Unreadable(Exception):  # noqa: N818 - a base that is quantized in its own way is no fault
    """The base holds a tensor in a form that is not compared."""


class Stored:
    """A matrix of floats, `rows` by `columns`: expert `expert` of a stack, or the whole tensor.

    `dtype` is that of its values. Other forms are its subclasses, which are themselves `rounded`:
    `stored` chooses.
    """

    rounded = False

    def __init__(self, name: str, form: Form, expert: int | None, read: Read) -> None:
        shape = form.shape if expert is None else form.shape[1:]
        self._name, self._form, self._read = name, form, read
        self._expert = expert or 0
        self.rows, self.columns = (shape[0] if shape else 1), product(shape[1:])
        self.dtype = form.info.dtype
        bits = DTYPE_BITS[form.info.dtype]
        if bits % 8:
            raise self._unreadable()
        self._row = self.columns * bits // 8

    def rows_of(self, first: int, last: int) -> Floats:
        """Rows `first` to `last` as float32. Raises `Unreadable`."""
        if self.dtype not in PLAIN:
            raise self._unreadable()
        values = to_float32(self.bytes_of(first, last), self._form.info.dtype)
        return values.reshape(last - first, self.columns)

    def raw(self, first: int, last: int) -> bytes | None:
        """The rows as they are stored; None where these are not their values."""
        return self.bytes_of(first, last)

    def bytes_of(self, first: int, last: int) -> bytes:
        """Read the stored bytes of rows."""
        start = (self._expert * self.rows + first) * self._row
        return self._read(self._form.info, start, (last - first) * self._row)

    def _unreadable(self) -> Unreadable:
        return Unreadable(f"{self._name} of the base is {self._form.info.dtype}")


class Scaled(Stored):
    """FP8 or FP4 codes, and a scale for all of them, for each row, or for each block."""

    rounded = True

    def __init__(
        self, name: str, form: Form, expert: int | None, read: Read, declared: Block | None
    ) -> None:
        super().__init__(name, form, expert, read)
        self.dtype = "F32"
        if form.fp4:
            self._row = self.columns * NIBBLE // 8
        stack = form.shape[0] if expert is not None else 1
        self._scales, self._block = self._read_scales(form, stack, declared)

    def rows_of(self, first: int, last: int) -> Floats:
        """Rows, multiplied by their scales."""
        raw = self.bytes_of(first, last)
        if self._form.fp4:
            codes = np.frombuffer(raw, np.uint8).reshape(last - first, self._row)
            values = E2M1.take(unpack_fields(codes, NIBBLE, self.columns))
        else:
            values = to_float32(raw, self._form.info.dtype).reshape(last - first, self.columns)
        height, width = self._block
        above = first // height
        scales = np.repeat(self._scales[above : -(-last // height)], height, axis=0)
        scales = scales[first - above * height :][: last - first]
        return values * np.repeat(scales, width, axis=1)[:, : self.columns]

    def raw(self, first: int, last: int) -> bytes | None:  # noqa: ARG002 - what others have
        """Nothing: the bytes are not the values."""
        return None

    def _read_scales(self, form: Form, stack: int, declared: Block | None) -> tuple[Floats, Block]:
        info = form.scale
        assert info is not None  # noqa: S101 - what makes a form scaled
        dtype = "F8_E8M0" if info.dtype == "U8" else info.dtype
        if dtype not in PLAIN | {"F8_E8M0"}:
            raise Unreadable(f"the scales of the base's {self._name} are {info.dtype}")
        shape, start = info.shape, 0
        if stack > 1 and shape and shape[0] == stack:
            shape = shape[1:]
            start = self._expert * (info.nbytes // stack)
        grid, block = self._grid(shape, declared)
        raw = self._read(info, start, product(shape) * DTYPE_BITS[info.dtype] // 8)
        return to_float32(raw, dtype).reshape(grid), block

    def _grid(self, shape: tuple[int, ...], declared: Block | None) -> tuple[Block, Block]:
        """The scales as a matrix, and the block of weights that each of them stands for."""
        if product(shape) == 1:
            return (1, 1), (self.rows, self.columns)
        for height, width in filter(None, (declared, USUAL_BLOCK)):
            grid = -(-self.rows // height), -(-self.columns // width)
            if shape == grid:
                return grid, (height, width)
        if shape == (self.rows,):
            return (self.rows, 1), (1, self.columns)
        if (
            len(shape) == MATRIX
            and all(shape)
            and not self.rows % shape[0]
            and not self.columns % shape[1]
        ):
            return (shape[0], shape[1]), (self.rows // shape[0], self.columns // shape[1])
        raise Unreadable(f"the base's scales of {list(shape)} have no form that is known")


class Decoded(Stored):
    """A weight of compressed-tensors, in any of its schemes."""

    rounded = True

    def __init__(self, name: str, form: Form, read: Read) -> None:
        super().__init__(name, form, None, read)
        self.dtype = "F32"
        assert form.packed is not None  # noqa: S101 - what makes a form decoded
        try:
            self._decoder = Decoder(
                form.packed.scheme, form.packed.shape, form.packed.tensors, read
            )
        except Undecodable as problem:
            raise Unreadable(f"{name} of the base: {problem}") from None

    def rows_of(self, first: int, last: int) -> Floats:
        """Rows, dequantized."""
        return self._decoder.rows(first, last).values()

    def raw(self, first: int, last: int) -> bytes | None:  # noqa: ARG002 - what others have
        """Nothing: the bytes are not the values."""
        return None


def stored(
    name: str, form: Form, expert: int | None, read: Read, declared: Block | None = None
) -> Stored:
    """Open a matrix of the base. `declared` is the block that its config.json names."""
    if form.packed is not None:
        return Decoded(name, form, read)
    if form.scale is not None and (form.fp4 or form.info.dtype in FP8):
        return Scaled(name, form, expert, read, declared)
    return Stored(name, form, expert, read)
