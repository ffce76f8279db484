from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE = "tokenizer_config.json"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("padding_side", value) for value in ("up", 3, None)],
        ("truncation_side", "Left"),
        *[("eos_token", value) for value in (5, ["<|im_end|>"], True)],
        ("unk_token", 0),
        *[("chat_template", value) for value in (5, True)],
        *[("model_max_length", value) for value in (0, -1, "2048", True)],
    ],
)
def test_fires_on_a_value_of_no_use(key: str, value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C123", mixed.edit(FILE, key, value)) == [f"error {FILE}: {key}"]


def test_fires_as_warning_on_a_length_of_a_test(mixed: Draft, findings: Judge) -> None:
    short = mixed.edit(FILE, "model_max_length", 8)
    assert findings("C123", short) == [f"warning {FILE}: model_max_length"]


def test_fires_as_warning_when_it_is_not_there(mixed: Draft, findings: Judge) -> None:
    assert findings("C123", mixed.remove(FILE)) == [f"warning {FILE}"]


def test_silent_on_values_of_their_kind(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").edit(FILE, "model_max_length", 1e30)
    kept.edit(FILE, "padding_side", "right").edit(FILE, "bos_token", None)
    kept.edit(FILE, "eos_token", {"content": "<|im_end|>", "lstrip": False})
    kept.edit(FILE, "chat_template", [{"name": "default", "template": "x"}])
    assert findings("C123", kept) == []


def test_silent_when_the_file_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C123", mixed.write(FILE, "[]")) == []  # C113


def test_silent_where_there_is_no_tokenizer_at_all(mixed: Draft, findings: Judge) -> None:
    assert findings("C123", mixed.remove(FILE).remove("tokenizer.json")) == []  # C113
