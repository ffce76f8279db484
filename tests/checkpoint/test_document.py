"""JSON from strangers: a document or a defect of one line, whatever the bytes."""

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.checkpoint.document import parse_document
from release.errors import CheckpointError, Fault

fuzz = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
values = st.recursive(leaves, lambda v: st.lists(v) | st.dictionaries(text, v), max_leaves=6)


def refusal(raw: bytes) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        parse_document(raw, "config.json", Fault.CONFIG)
    error = caught.value
    assert (error.file, error.fault) == ("config.json", Fault.CONFIG)
    assert "\n" not in str(error)
    assert len(str(error)) < 300
    return error


@fuzz
@given(st.binary(max_size=100), st.booleans())
def test_arbitrary_bytes_are_a_document_or_a_defect(raw: bytes, braces: bool) -> None:
    raw = b"{" + raw + b"}" if braces else raw
    try:
        parse_document(raw, "config.json", Fault.CONFIG)
    except CheckpointError:
        refusal(raw)


@fuzz
@given(st.dictionaries(text, values), st.booleans())
def test_valid_json_is_read_as_python_reads_it(value: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    document = parse_document(raw, "config.json", Fault.CONFIG)
    assert document.value == json.loads(raw)
    assert document.duplicates == ()
    assert all("nfinity" in name for name in document.constants)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b'{"a": ', "line 1 column 7"),
        (b"[1]", "not a list"),
        (b"null", "not a NoneType"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\uDC00": 1}', "surrogate"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"", "line 1 column 1"),
    ],
)
def test_a_refusal_says_why(raw: bytes, why: str) -> None:
    assert why in str(refusal(raw))


def test_duplicates_and_constants_are_kept_as_evidence() -> None:
    raw = b'{"a": 1, "a": {"b": NaN, "b": -Infinity}}'
    document = parse_document(raw, "config.json", Fault.CONFIG)
    assert document.duplicates == ("b", "a")
    assert document.constants == ("NaN", "-Infinity")


def test_a_negative_zero_is_a_float_as_in_other_languages() -> None:
    document = parse_document(
        b'{"a": -0, "b": -01e0, "c": -7}'.replace(b"-01", b"-1"), "x", Fault.CONFIG
    )
    assert isinstance(document.value["a"], float)
    assert math.copysign(1, document.value["a"]) == -1
    assert document.value["c"] == -7


def test_a_whole_pair_of_surrogates_is_text() -> None:
    document = parse_document(b'{"a": "\\ud83d\\ude00"}', "x", Fault.CONFIG)
    assert document.value == {"a": "\N{GRINNING FACE}"}
