import json
from pathlib import Path

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

SHARD = "model.safetensors"
ENTRY = '{"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}'


def one_tensor(draft: Draft, header: str) -> Draft:
    text = header.replace("ENTRY", ENTRY).encode("utf-8", "surrogatepass")
    return draft.write(SHARD, len(text).to_bytes(8, "little") + text + b"\0\0")


@pytest.mark.parametrize(
    "header",
    [
        '{"a": ENTRY',
        '{"a": ENTRY, "a": ENTRY}',
        "[]",
        " {}",
        '{"a": 7}',
        '{"a": ENTRY, "__metadata__": {"n": 7}}',
        '{"a": {"dtype": "E2M1", "shape": [2], "data_offsets": [0, 2]}}',
        '{"a": {"dtype": "U8", "shape": [-2], "data_offsets": [0, 2]}}',
        '{"a": {"dtype": "U8", "shape": [2.0], "data_offsets": [0, 2]}}',
        '{"a": {"dtype": "U8", "shape": [true], "data_offsets": [0, 1]}}',
        '{"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2, 2]}}',
        '{"a": {"dtype": "U8", "shape": [2], "data_offsets": [-0, 2]}}',
        '{"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2], "x": NaN}}',
        '{"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2], "x": [[]]}}',
        '{"\\ud800": ENTRY}',
        '{"\ud800": ENTRY}',
    ],
)
def test_fires_when_the_header_breaks_the_format(
    draft: Drafts, findings: Judge, header: str
) -> None:
    assert findings("F102", one_tensor(draft("llama-nvfp4"), header))[0].startswith(
        f"error {SHARD}"
    )


def test_fires_with_the_name_of_the_tensor(draft: Drafts, findings: Judge) -> None:
    broken = one_tensor(draft("llama-nvfp4"), '{"a.weight": []}')
    assert findings("F102", broken) == [f"error {SHARD}: a.weight"]


def test_silent_when_the_header_ends_in_blanks(draft: Drafts, findings: Judge) -> None:
    header = json.dumps({"a": json.loads(ENTRY)}) + " \n\t"
    assert findings("F102", one_tensor(draft("llama-nvfp4"), header)) == []


def test_silent_when_metadata_is_null_or_a_key_is_new(draft: Drafts, findings: Judge) -> None:
    entry = {**json.loads(ENTRY), "note": "of a later version"}
    header = json.dumps({"__metadata__": None, "a": entry})
    assert findings("F102", one_tensor(draft("llama-nvfp4"), header)) == []


def test_silent_when_a_name_is_not_ascii(draft: Drafts, findings: Judge) -> None:
    escaped = one_tensor(draft("llama-nvfp4"), '{"\\ud83d\\ude00": ENTRY}')
    assert findings("F102", escaped) == []
    assert b"ud83d" in Path(escaped.path / SHARD).read_bytes()
