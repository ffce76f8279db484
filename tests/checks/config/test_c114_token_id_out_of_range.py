import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE = "tokenizer.json"


def add(draft: Draft, token: str, number: int) -> Draft:
    added = draft.read(FILE)["added_tokens"]
    return draft.edit(FILE, "added_tokens", [*added, added[0] | {"content": token, "id": number}])


@pytest.mark.parametrize("number", [384, 10**12])
def test_fires_on_a_token_without_a_row(number: int, mixed: Draft, findings: Judge) -> None:
    assert findings("C114", add(mixed, "<|call|>", number)) == [f"error {FILE}"]


def test_fires_as_warning_when_it_is_only_the_pad_token(mixed: Draft, findings: Judge) -> None:
    broken = add(mixed, "[PAD]", 384).edit("tokenizer_config.json", "pad_token", "[PAD]")
    assert findings("C114", broken) == [f"warning {FILE}"]


def test_fires_as_note_on_a_placeholder_for_images(draft: Drafts, findings: Judge) -> None:
    kept = add(draft("llama-fp8-dynamic"), "<image_soft_token>", 384)
    assert findings("C114", kept) == [f"info {FILE}"]


def test_silent_on_the_last_row_and_on_padding(mixed: Draft, findings: Judge) -> None:
    assert findings("C114", add(mixed, "<|call|>", 383)) == []


def test_silent_when_the_config_is_wrong_and_the_rows_are_there(
    mixed: Draft, findings: Judge
) -> None:
    assert findings("C114", mixed.config("text_config.vocab_size", 100)) == []


def test_silent_without_tokenizer_json(mixed: Draft, findings: Judge) -> None:
    assert findings("C114", mixed.remove(FILE).write("tokenizer.model", "x")) == []
