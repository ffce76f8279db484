from typing import Any

import pytest

from tests.conftest import Judge
from tests.mutate import Draft

FILE, KEY = "tokenizer_config.json", "tokenizer_class"


@pytest.mark.parametrize("name", ["TokenizersBackendFast", "Qwen9Tokenizer", 7, ["a"]])
def test_fires_on_a_class_that_no_reader_has(name: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C116", mixed.edit(FILE, KEY, name)) == [f"warning {FILE}: {KEY}"]


@pytest.mark.parametrize(
    "name",
    [
        *("TokenizersBackend", "PreTrainedTokenizerFast", "LlamaTokenizer", "Qwen2TokenizerFast"),
        *("CodeGenTokenizerFast", "GemmaTokenizerFast", "MistralCommonBackend", None),
    ],
)
def test_silent_on_classes_of_transformers_4_and_5(
    name: str | None, mixed: Draft, findings: Judge
) -> None:
    assert findings("C116", mixed.edit(FILE, KEY, name)) == []


def test_silent_when_the_code_comes_along(mixed: Draft, findings: Judge) -> None:
    kept = mixed.edit(FILE, KEY, "TikTokenTokenizer")
    kept.edit(FILE, "auto_map", {"AutoTokenizer": ["tokenization_kimi.TikTokenTokenizer", None]})
    assert findings("C116", kept) == []
