"""Our header reader against the reference one, on headers good, broken and absurd."""

import json
import math
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import safetensors
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from release.checkpoint import open_checkpoint
from release.checkpoint.header import (
    DTYPE_BITS,
    HEADER_CAP,
    PREFIX_BYTES,
    check_length,
    header_length,
    parse_header,
)
from release.errors import CheckpointError, Fault
from tests.conftest import CHECKPOINTS, GOOD

fuzz = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
decode: Any = safetensors.deserialize  # its stub has no types
Layout = dict[str, tuple[str, list[int]]]
REAL = (CHECKPOINTS / "llama-nvfp4" / "model.safetensors").read_bytes()
REAL_END = PREFIX_BYTES + int.from_bytes(REAL[:PREFIX_BYTES], "little")


def ours(raw: bytes) -> Layout | None:
    try:
        length = header_length(raw[:PREFIX_BYTES], len(raw), "x.safetensors")
        header = parse_header(raw[PREFIX_BYTES : PREFIX_BYTES + length], "x.safetensors")
        check_length(header, len(raw), "x.safetensors")
    except CheckpointError as error:
        text = str(error)
    else:
        return {name: (info.dtype, list(info.shape)) for name, info in header.tensors.items()}
    assert "\n" not in text
    assert len(text) < 1000
    return None


def theirs(raw: bytes) -> Layout | None:
    try:
        return {name: (entry["dtype"], entry["shape"]) for name, entry in decode(raw)}
    except SafetensorError:
        return None


def stricter(raw: bytes) -> list[str]:
    """Every way in which we refuse what safetensors 0.8 takes; nothing else may differ."""
    text = raw[PREFIX_BYTES : PREFIX_BYTES + int.from_bytes(raw[:PREFIX_BYTES], "little")]
    reasons = [] if text.startswith(b"{") else ["blanks before the header"]

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            reasons.append("a key that is there twice")
        return dict(pairs)

    header = json.loads(text, object_pairs_hook=look)
    for entry in (entry for name, entry in header.items() if name != "__metadata__"):
        if isinstance(entry, list):
            reasons.append("an entry as a list")
        elif not isinstance(entry["dtype"], str):
            reasons.append("a dtype as an object")
        else:
            extra = [entry[key] for key in entry.keys() - {"dtype", "shape", "data_offsets"}]
            if any(isinstance(value, (dict, list)) for value in extra):
                reasons.append("an unknown key that holds more than a value")
            if any(isinstance(value, (int, float)) and abs(value) >= 1 << 64 for value in extra):
                reasons.append("an unknown key with a number beyond 64 bits")
    return reasons


def compare(raw: bytes) -> None:
    mine, reference = ours(raw), theirs(raw)
    if mine is not None:
        assert reference == mine
    elif reference is not None:
        assert stricter(raw)


def pack(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(PREFIX_BYTES, "little") + header + data


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
dims = st.lists(st.integers(0, 5), max_size=4)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([2**32, 2**63, 2**64, 10**30, -0.0, 1.0, 1e300, [], {}, [[]], "F32", ""]),
    st.lists(st.integers(-1, 8) | st.just(2**63), max_size=3),
)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Give a valid header and the bytes of data that it describes."""
    header: dict[str, Any] = {}
    position = 0
    for name in draw(st.lists(names.filter(lambda n: n != "__metadata__"), unique=True)):
        dtype, shape = draw(st.sampled_from(sorted(DTYPE_BITS))), draw(dims)
        bits = math.prod(shape) * DTYPE_BITS[dtype]
        if bits % 8 == 0:
            span = [position, position + bits // 8]
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": span}
            position = span[1]
    if draw(st.booleans()):
        header["__metadata__"] = draw(st.none() | st.dictionaries(names, names, max_size=3))
    return header, position


@fuzz
@given(layouts(), st.booleans(), st.integers(0, 9), st.randoms(use_true_random=False))
def test_a_valid_header_reads_as_safetensors_reads_it(
    layout: tuple[dict[str, Any], int], ascii_only: bool, pad: int, random: Any
) -> None:
    header, size = layout
    entries = list(header.items())
    random.shuffle(entries)
    text = json.dumps(dict(entries), ensure_ascii=ascii_only).encode() + b" " * pad
    raw = pack(text, bytes(size))
    assert ours(raw) is not None
    compare(raw)


@fuzz
@given(layouts(), st.data())
def test_a_value_changed_in_a_valid_header_is_judged_alike(
    layout: tuple[dict[str, Any], int], data: st.DataObject
) -> None:
    header, size = layout
    name = data.draw(st.sampled_from([*header, "new", "__metadata__"]))
    key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets", "extra", ""]))
    value = data.draw(odd)
    if key and isinstance(header.get(name), dict):
        header[name] = {**header[name], key: value}
    else:
        header[name] = value
    compare(pack(json.dumps(header).encode(), bytes(size)))


spans = st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["U8", "F8_E4M3"]))


@fuzz
@given(st.lists(spans, min_size=1, max_size=3), st.integers(-1, 1))
def test_holes_overlaps_and_ends_are_judged_alike(
    tensors: list[tuple[int, int, str]], beyond: int
) -> None:
    header = {
        str(number): {"dtype": dtype, "shape": [size], "data_offsets": [start, start + size]}
        for number, (start, size, dtype) in enumerate(tensors)
    }
    end = max(start + size for start, size, _ in tensors)
    compare(pack(json.dumps(header).encode(), bytes(max(end + beyond, 0))))


@fuzz
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x02" + bytes(7) + b"{}")
@example(b"\x02" + bytes(7) + b"{}x")
@example(b"\xff" * 8 + b"{}")
def test_arbitrary_bytes_are_judged_alike(raw: bytes) -> None:
    compare(raw)


@fuzz
@given(st.binary(max_size=120))
def test_arbitrary_bytes_as_a_header_are_judged_alike(header: bytes) -> None:
    compare(pack(header))
    compare(pack(b"{" + header + b"}"))


TOKENS = [b"-0", b"NaN", b"1e999", b"\\ud800", b'"', b"{", b"]", b",", b" ", b"\0", b"\xff", b"9"]
edits = st.lists(
    st.tuples(
        st.integers(PREFIX_BYTES, REAL_END - 1),
        st.sampled_from(TOKENS) | st.binary(max_size=3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=3,
)


@fuzz
@given(edits)
def test_a_real_header_with_some_bytes_changed_is_judged_alike(
    changes: list[tuple[int, bytes, int]],
) -> None:
    raw = bytearray(REAL[PREFIX_BYTES:REAL_END])
    for place, text, gone in changes:
        raw[place - PREFIX_BYTES : place - PREFIX_BYTES + gone] = text
    compare(pack(bytes(raw), REAL[REAL_END:]))


ENTRY = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (f'{{"a":{ENTRY},"a":{ENTRY}}}', "a key that is there twice"),
        (f' {{"a":{ENTRY}}}', "blanks before the header"),
        ('{"a":["U8",[1],[0,1]]}', "an entry as a list"),
        (f'{{"a":{ENTRY.replace("}", ",")}"x":[0]}}}}', "an unknown key that holds more"),
        (f'{{"a":{ENTRY.replace("}", ",")}"x":1e30}}}}', "an unknown key with a number"),
        ('{"a":{"dtype":{"U8":null},"shape":[1],"data_offsets":[0,1]}}', "a dtype as an object"),
    ],
)
def test_where_we_are_stricter_than_safetensors(header: str, reason: str) -> None:
    raw = pack(header.encode(), b"\0")
    assert theirs(raw) == {"a": ("U8", [1])}
    assert ours(raw) is None
    assert [why for why in stricter(raw) if why.startswith(reason)]


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ('{"a":{"dtype":"U8","shape":[9223372036854775808,4,0],"data_offsets":[0,0]}}', 0),
        ('{"a":{"dtype":"U8","shape":[0],"data_offsets":[-0,0]}}', 0),
        ('{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}', 1),
        ('{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', 1),
        ('{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,0]}}', 0),
        (f'{{"\\ud800":{ENTRY}}}', 1),
        (f'{{"a":{ENTRY.replace("}", ",")}"x":{"[" * 200}{"]" * 200}}}}}', 1),
    ],
)
def test_what_python_would_take_and_safetensors_does_not(header: str, size: int) -> None:
    raw = pack(header.encode(), bytes(size))
    assert theirs(raw) is None
    assert ours(raw) is None


def test_every_good_shard_reads_as_safe_open_reads_it() -> None:
    for folder in GOOD:
        for shard, header in open_checkpoint(folder).shards.items():
            with safe_open(str(folder / shard), framework="np") as reader:
                slices = {name: reader.get_slice(name) for name in reader.keys()}  # noqa: SIM118 - no mapping
            read = {name: (part.get_dtype(), part.get_shape()) for name, part in slices.items()}
            mine = {name: (info.dtype, list(info.shape)) for name, info in header.tensors.items()}
            assert mine == read


@pytest.mark.parametrize("length", [HEADER_CAP + 1, 1 << 40, (1 << 64) - 1])
def test_a_header_beyond_the_cap_is_refused_before_it_is_read(tmp_path: Path, length: int) -> None:
    shard = tmp_path / "model.safetensors"
    shard.write_bytes(length.to_bytes(PREFIX_BYTES, "little") + b"{")
    os.truncate(shard, PREFIX_BYTES + HEADER_CAP + 1000)
    tracemalloc.start()
    try:
        checkpoint = open_checkpoint(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [defect.fault for defect in checkpoint.defects] == [Fault.HEADER_LENGTH]
    assert peak < 1 << 20


def test_a_shape_of_very_many_sizes_costs_no_time_and_no_long_message() -> None:
    shape = ",".join(["9223372036854775807"] * 100_000)
    raw = pack(b'{"a":{"dtype":"U8","shape":[%s],"data_offsets":[0,1]}}' % shape.encode(), b"\0")
    assert ours(raw) is None
