"""Tallies of pieces are what one look at the whole tensor says."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.checkpoint.header import DTYPE_BITS, TensorInfo
from release.errors import CheckpointError
from release.scan import Segment, Tally, Values, scan_file
from release.scan.layout import Reading, scale_reading, weight_reading

UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32}


def info(dtype: str, rows: int, columns: int) -> TensorInfo:
    return TensorInfo(dtype, (rows, columns), "m", 0, rows * columns * DTYPE_BITS[dtype] // 8)


def tally(reading: Reading, raw: bytes, limit: int) -> Values:
    counter = Tally(reading, memoryview(bytearray(max(limit, 1 << 16))))
    step = reading.step(limit)
    for start in range(0, len(raw), step):
        counter.add(memoryview(raw)[start : start + step])
    return counter.values()


def first(mask: Any) -> int | None:
    return int(mask.argmax()) if mask.any() else None


@st.composite
def tensors(draw: st.DrawFn) -> tuple[str, int, int, bytes]:
    dtype = draw(st.sampled_from(["BF16", "F16", "F32", "F8_E4M3", "F8_E5M2", "I8", "U8", "I32"]))
    rows, columns = draw(st.integers(1, 6)), draw(st.sampled_from([128, 130, 256, 384]))
    size = DTYPE_BITS[dtype] // 8
    seed = draw(st.integers(0, 2**32 - 1))
    words = np.random.default_rng(seed).integers(0, 256, rows * columns * size, dtype=np.uint8)
    for row in draw(st.sets(st.integers(0, rows - 1))):
        words[row * columns * size : (row + 1) * columns * size] = 0
    return dtype, rows, columns, words.tobytes()


@given(tensors(), st.sampled_from([512, 1024, 4096, 1 << 16]))
@settings(max_examples=150, deadline=None)
def test_weights(tensor: tuple[str, int, int, bytes], limit: int) -> None:
    dtype, rows, columns, raw = tensor
    bits = {"U8": 4, "I32": 4}.get(dtype)
    reading = weight_reading(info(dtype, rows, columns), packed_bits=bits)
    assert reading is not None
    words = np.frombuffer(raw, UNSIGNED[reading.width]).reshape(rows, columns)
    size = (words ^ np.array(reading.flip, words.dtype)) & np.array(reading.keep, words.dtype)
    zero = ~size.any(axis=1)
    got = tally(reading, raw, limit)
    assert (got.words, got.top, got.rows) == (size.size, size.max(), rows)
    bad = size.ravel() >= reading.bad
    assert (got.bad.count, got.bad.first) == (int(bad.sum()), first(bad))
    assert (got.zero_rows.count, got.zero_rows.first) == (int(zero.sum()), first(zero))
    runs = "".join("0" if is_zero else " " for is_zero in zero).split()
    assert got.zero_run == max(map(len, runs), default=0)
    assert got.head == raw[:64]


@given(
    st.sampled_from(["BF16", "F16", "F32", "F8_E4M3", "U8"]),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=400),
    st.sampled_from([64, 256, 4096]),
)
@settings(max_examples=150, deadline=None)
def test_scales(dtype: str, numbers: list[int], limit: int) -> None:
    reading = scale_reading(info(dtype, 1, len(numbers)))
    assert reading is not None
    words = np.array(numbers, np.uint64).astype(UNSIGNED[reading.width])
    got = tally(reading, words.tobytes(), limit)
    signed = dtype != "U8"
    size = words & np.array(reading.keep >> 1, words.dtype) if signed else words
    bad = size >= reading.bad
    negative = (words != size) & (size > 0) & ~bad
    for hits, mask in ((got.bad, bad), (got.zero, size == 0), (got.negative, negative)):
        assert (hits.count, hits.first) == (int(mask.sum()), first(mask))
    assert got.low == words.min()
    assert got.top == (size[~bad].max() if (~bad).any() else 0)


def test_floats_are_judged_as_numpy_judges_them() -> None:
    every = np.arange(1 << 16, dtype=np.uint16)
    reading = weight_reading(info("F16", 1, len(every)))
    assert reading is not None
    got = tally(reading, every.tobytes(), 4096)
    assert got.bad.count == int((~np.isfinite(every.view(np.float16))).sum())


def test_a_file_is_read_once_and_hashed_whole(tmp_path: Path) -> None:
    raw = np.random.default_rng(1).integers(0, 120, 3 << 20, dtype=np.uint8).tobytes()
    place = tmp_path / "m.safetensors"
    place.write_bytes(raw)
    reading = weight_reading(info("F8_E4M3", 1000, 1000))
    assert reading is not None
    segments = [Segment("a", 100, 1_000_100, reading), Segment("b", 1_500_000, 2_500_000, reading)]
    seen: list[int] = []
    scan = scan_file(place, "m.safetensors", segments, seen.append)
    assert scan.sha256 == hashlib.sha256(raw).hexdigest()
    assert (scan.size, sum(seen)) == (len(raw), len(raw))
    assert {name: values.words for name, values in scan.tensors.items()} == {
        "a": 1_000_000,
        "b": 1_000_000,
    }


def test_a_file_that_ends_too_early_is_one_clear_line(tmp_path: Path) -> None:
    place = tmp_path / "m.safetensors"
    place.write_bytes(bytes(500))
    reading = weight_reading(info("BF16", 1, 400))
    assert reading is not None
    with pytest.raises(CheckpointError, match="ends at byte 500, inside 'a'"):
        scan_file(place, "m.safetensors", [Segment("a", 100, 900, reading)])


def test_a_file_that_is_gone_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        scan_file(tmp_path / "gone", "gone", [])
