"""Tallies of pieces are what one look at the whole tensor says."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.checkpoint.header import DTYPE_BITS, TensorInfo
from release.quantization.arguments import Args
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.schemes import Scheme, scheme_of
from release.scan.finish import Finish
from release.scan.layout import Kind, Reading, Segment, scale_reading, weight_reading
from release.scan.values import Values

UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32}
FLOATS = ["BF16", "F16", "F32", "F8_E4M3", "F8_E5M2"]


class InMemory(BytesIO):
    def read_at(self, start: int, count: int) -> bytes:
        return self.getvalue()[start : start + count]


def info(dtype: str, rows: int, columns: int) -> TensorInfo:
    return TensorInfo(dtype, (rows, columns), "m", 0, rows * columns * DTYPE_BITS[dtype] // 8)


def scheme(bits: int, group: int, *, symmetric: bool = True) -> Scheme:
    args = Args(num_bits=bits, symmetric=symmetric, group_size=group, strategy="group")
    config = QuantizationConfig((), (), "pack-quantized", None, None, None)
    found = scheme_of(ConfigGroup("g", ("Linear",), args), config)
    assert isinstance(found, Scheme)
    return found


def tally(reading: Reading, raw: bytes, limit: int) -> Values:
    segment, finish = Segment("t", 0, len(raw), reading), Finish(InMemory(raw))
    step = reading.step(limit)
    if reading.kind is Kind.SCALE and len(raw) <= step:
        finish.scales((segment,), memoryview(raw))
    else:
        counter = finish.start(segment)
        for start in range(0, len(raw), step):
            counter.add(memoryview(raw)[start : start + step])
        finish.end(segment, counter)
    return finish.all()["t"]


def first(mask: Any) -> int | None:
    return int(mask.argmax()) if mask.any() else None


def longest(zero: Any) -> int:
    runs = "".join("0" if is_zero else " " for is_zero in zero).split()
    return max(map(len, runs), default=0)


def pack(codes: Any, bits: int) -> bytes:
    """Fields of each row as a little-endian bit stream, filled up to whole words."""
    rows = []
    for row in codes.tolist():
        stream = sum((code + (1 << (bits - 1))) << (bits * i) for i, code in enumerate(row))
        rows.append(stream.to_bytes(-(-len(row) * bits // 32) * 4, "little"))
    return b"".join(rows)


@st.composite
def tensors(draw: st.DrawFn, dtypes: list[str]) -> tuple[str, int, int, bytes]:
    dtype = draw(st.sampled_from(dtypes))
    rows, columns = draw(st.integers(1, 6)), draw(st.sampled_from([128, 130, 256, 384]))
    size = DTYPE_BITS[dtype] // 8
    seed = draw(st.integers(0, 2**32 - 1))
    words = np.random.default_rng(seed).integers(0, 256, rows * columns * size, dtype=np.uint8)
    for row in draw(st.sets(st.integers(0, rows - 1))):
        words[row * columns * size : (row + 1) * columns * size] = 0
    return dtype, rows, columns, words.tobytes()


@given(tensors(FLOATS), st.sampled_from([512, 1024, 4096, 1 << 16]))
@settings(max_examples=150, deadline=None)
def test_floats(tensor: tuple[str, int, int, bytes], limit: int) -> None:
    dtype, rows, columns, raw = tensor
    reading = weight_reading(info(dtype, rows, columns), None)
    form = reading.format
    words = np.frombuffer(raw, UNSIGNED[reading.width]).reshape(rows, columns)
    size = words & np.array(form.sign - 1, words.dtype)
    bad = size.ravel() >= form.bad
    got = tally(reading, raw, limit)
    assert got.words == size.size
    assert (got.bad.count, got.bad.first) == (int(bad.sum()), first(bad))
    zero = ~size.any(axis=1)
    hits = got.zero_rows
    assert (got.rows, hits.count, hits.first) == (rows, int(zero.sum()), first(zero))
    assert got.zero_run == longest(zero)
    assert zero[got.zero_run_at :][: got.zero_run].all()
    assert got.zero == (not size.any())
    assert got.head == raw[:64]


def test_every_half_float_is_judged_and_decoded_as_numpy_does() -> None:
    every = np.arange(1 << 16, dtype=np.uint16)
    floats = every.view(np.float16)
    got = tally(weight_reading(info("F16", 1, len(every)), None), every.tobytes(), 1 << 12)
    assert got.bad.count == int((~np.isfinite(floats)).sum())
    assert got.infinite == 2
    assert got.top == np.abs(floats[np.isfinite(floats)].astype(np.float64)).max()


# E4M3FN: 448 and E5M2: 57,344 are the largest numbers (https://arxiv.org/abs/2209.05433).
@pytest.mark.parametrize(("dtype", "top"), [("F8_E4M3", 448), ("F8_E5M2", 57_344), ("BF16", 2.0)])
def test_the_largest_float(dtype: str, top: float) -> None:
    words = np.arange(256, dtype=np.uint8) if dtype != "BF16" else np.full(256, 0xC000, np.uint16)
    assert tally(weight_reading(info(dtype, 1, 256), None), words.tobytes(), 4096).top == top


@given(
    st.integers(2, 8),
    st.integers(1, 5),
    st.sampled_from([128, 96, 70]),
    st.integers(0, 2**32 - 1),
    st.sets(st.integers(0, 4)),
)
@settings(max_examples=150, deadline=None)
def test_packed_integers(bits: int, rows: int, columns: int, seed: int, dead: set[int]) -> None:
    half = 1 << (bits - 1)
    codes = np.random.default_rng(seed).integers(-half, half, (rows, columns))
    codes[[row for row in dead if row < rows]] = 0
    raw = pack(codes, bits)
    stored = TensorInfo("I32", (rows, len(raw) // rows // 4), "m", 0, len(raw))
    reading = weight_reading(stored, scheme(bits, 32), columns=columns)
    got = tally(reading, raw, 1 << 16)
    zero = ~codes.any(axis=1)
    assert (got.rows, got.zero_rows.count, got.zero_rows.first) == (
        rows,
        int(zero.sum()),
        first(zero),
    )
    assert got.zero == bool(zero.all())
    assert not got.padding
    if columns % 32 == 0:
        assert got.codes is not None
        assert got.codes.sampled == codes.size
        assert got.codes.distinct == len(np.unique(codes))
        assert got.codes.ends * codes.size == pytest.approx(
            np.isin(codes, [-half, half - 1] if bits < 8 else [-128, -127, 127]).sum()
        )
        tops = np.abs(codes.reshape(-1, 32)).max(axis=1)
        used = tops[tops > 0]
        assert (got.codes.units, got.codes.weak) == (len(used), (used < half / 2).sum())


def test_a_bit_behind_the_last_code() -> None:
    codes = np.ones((4, 70), np.int64)
    raw = bytearray(pack(codes, 4))  # 280 bits in 288
    raw[2 * 36 - 1] |= 0x80
    stored = TensorInfo("I32", (4, 9), "m", 0, len(raw))
    got = tally(weight_reading(stored, scheme(4, 128), columns=70), bytes(raw), 1 << 16)
    assert (got.padding.count, got.padding.first) == (1, 1)


@given(tensors(["U8"]))
@settings(max_examples=60, deadline=None)
def test_fp4_pairs(tensor: tuple[str, int, int, bytes]) -> None:
    _, rows, columns, raw = tensor
    reading = weight_reading(info("U8", rows, columns), None)
    pairs = np.frombuffer(raw, np.uint8).reshape(rows, columns)
    nibbles = np.stack((pairs & 15, pairs >> 4), axis=-1).reshape(rows, -1)
    zero = ~(nibbles & 7).any(axis=1)
    got = tally(reading, raw, 1 << 16)
    assert (got.zero_rows.count, got.zero_rows.first) == (int(zero.sum()), first(zero))
    assert got.codes is not None
    assert got.codes.sampled == nibbles.size
    signed = nibbles[(nibbles & 7) > 0]
    expected = (signed > 8).mean() if signed.size else 0.5
    assert got.codes.negative == pytest.approx(expected)
    assert got.codes.ends == pytest.approx(((nibbles & 7) == 7).mean())


@given(tensors(["I8"]))
@settings(max_examples=60, deadline=None)
def test_integers(tensor: tuple[str, int, int, bytes]) -> None:
    _, rows, columns, raw = tensor
    codes = np.frombuffer(raw, np.int8).reshape(rows, columns).astype(int)
    got = tally(weight_reading(info("I8", rows, columns), None), raw, 4096)
    assert got.top == np.abs(codes).max()
    assert got.zero_rows.count == int((~codes.any(axis=1)).sum())


@given(
    st.sampled_from(["BF16", "F16", "F32", "F8_E4M3", "U8"]),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=400),
    st.sampled_from([64, 256, 4096]),
)
@settings(max_examples=150, deadline=None)
def test_scales(dtype: str, numbers: list[int], limit: int) -> None:
    reading = scale_reading(info(dtype, 1, len(numbers)))
    form = reading.format
    words = np.array(numbers, np.uint64).astype(UNSIGNED[reading.width])
    got = tally(reading, words.tobytes(), limit)
    assert got.scales is not None
    size = words & np.array(form.sign - 1, words.dtype) if dtype != "U8" else words
    bad, zero = size >= form.bad, size == 0
    negative = (words != size) & ~zero & ~bad
    for hits, mask in (
        (got.bad, bad),
        (got.scales.zero, zero),
        (got.scales.negative, negative),
        (got.scales.tiny, (size < form.normal) & ~zero & ~negative),
    ):
        assert (hits.count, hits.first) == (int(mask.sum()), first(mask))
    assert got.scales.zeros == tuple(np.flatnonzero(zero).tolist())
    good = ~bad & ~negative & ~zero
    if good.any() and reading.width > 1:
        assert words[got.scales.top_at] == words[good].max()


def test_scales_are_decoded() -> None:
    scales = np.array([1, 2, 1024], np.float32)
    got = tally(scale_reading(info("F32", 1, 3)), scales.tobytes(), 4096)
    assert got.scales is not None
    assert (got.scales.low, got.scales.median, got.top, got.scales.top_at) == (1, 2, 1024, 2)
    exponents = tally(scale_reading(info("U8", 1, 2)), bytes([120, 130]), 4096)
    assert exponents.top == 8.0  # 2 ** (130 - 127)


@pytest.mark.parametrize("dtype", ["BF16", "F32", "F8_E4M3", "U8"])
@pytest.mark.parametrize("columns", [0, 1, 2, 300])
def test_scales_side_by_side_are_what_each_is_alone(dtype: str, columns: int) -> None:
    stored = info(dtype, 1, columns)
    reading, size = scale_reading(stored), stored.nbytes
    words = np.random.default_rng(3).integers(60, 120, 5 * size, dtype=np.uint8)
    words[size : 2 * size] = 0xFF
    words[3 * size : 3 * size + 1] = 0
    raw = memoryview(words.tobytes())
    herd = tuple(Segment(f"{i}", i * size, (i + 1) * size, reading) for i in range(5))
    together = Finish(InMemory(raw))
    alone: dict[str, Values] = {}
    together.scales(herd, raw)
    for segment in herd:
        part = raw[segment.start : segment.end]
        finish = Finish(InMemory(part))
        counter = finish.start(segment)
        if part:
            counter.add(part)
        finish.end(segment, counter)
        alone |= finish.all()
    assert together.all() == alone
