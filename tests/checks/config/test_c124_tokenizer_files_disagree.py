import json

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

SETTINGS, SPECIAL, ADDED, VOCABULARY = (
    *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
)


def test_fires_on_an_id_of_another_tokenizer(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(ADDED, '{"<|im_end|>": 5}').write(VOCABULARY, '{"a": 1, "b": 2}')
    assert findings("C124", broken) == [f"warning {VOCABULARY}", f"warning {ADDED}"]


def test_fires_on_a_listed_token_of_another_id(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(SETTINGS, "added_tokens_decoder", {"5": {"content": "<|im_end|>"}})
    assert findings("C124", broken) == [f"warning {SETTINGS}: added_tokens_decoder.5"]


def test_fires_on_another_special_token(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(SPECIAL, '{"eos_token": {"content": "</s>"}}')
    assert findings("C124", broken) == [f"warning {SPECIAL}: eos_token"]


@pytest.mark.parametrize("file", [SPECIAL, ADDED, VOCABULARY])
def test_fires_on_a_copy_that_cannot_be_read(file: str, mixed: Draft, findings: Judge) -> None:
    assert findings("C124", mixed.write(file, "{")) == [f"warning {file}"]


def test_silent_on_copies_that_say_the_same(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4")
    vocabulary = kept.read("tokenizer.json")["model"]["vocab"]
    kept.write(VOCABULARY, json.dumps(vocabulary)).write(ADDED, '{"<|im_end|>": 372}')
    kept.write(SPECIAL, '{"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "x": [1]}')
    kept.edit(SETTINGS, "added_tokens_decoder", {"372": {"content": "<|im_end|>"}})
    assert findings("C124", kept) == []


def test_silent_on_files_of_another_kind(draft: Drafts, findings: Judge) -> None:
    odd = draft("llama-nvfp4").write(VOCABULARY, "[1, 2]")
    odd.edit(SETTINGS, "added_tokens_decoder", [7])
    assert findings("C124", odd) == []
    assert findings("C124", draft("llama-nvfp4").remove("tokenizer.json")) == []
