from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

PLACE = "config.json: architectures"


@pytest.mark.parametrize(
    "name", ["Qwen3_5ForConditionalGenaration", "Qwen35ForConditionalGeneration"]
)
def test_fires_on_a_misspelt_class(name: str, mixed: Draft, findings: Judge) -> None:
    assert findings("C102", mixed.config("architectures", [name])) == [f"error {PLACE}"]


@pytest.mark.parametrize("names", [["Zephyr9ForCausalLM"], [], None, "LlamaForCausalLM", [7]])
def test_fires_as_warning_when_no_reader_has_it(names: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C102", mixed.config("architectures", names)) == [f"warning {PLACE}"]


def test_fires_only_as_warning_on_the_next_version_of_a_family(
    mixed: Draft, findings: Judge
) -> None:
    newer = mixed.config("architectures", ["Qwen9ForConditionalGeneration"])
    newer.config("model_type", "qwen9")
    assert findings("C102", newer) == [f"warning {PLACE}"]


@pytest.mark.parametrize("name", ["KimiK25ForConditionalGeneration", "HeliumForCausalLM"])
def test_silent_on_a_class_that_one_of_the_readers_has(
    name: str, mixed: Draft, findings: Judge
) -> None:
    assert findings("C102", mixed.config("architectures", [name])) == []


def test_silent_when_the_code_comes_along(mixed: Draft, findings: Judge) -> None:
    kept = mixed.config("architectures", ["Zephyr9ForCausalLM"])
    kept.config("auto_map", {"AutoModelForCausalLM": "modeling.Zephyr9ForCausalLM"})
    assert findings("C102", kept) == []


TYPE = "config.json: model_type"


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("qwen3-5", "error"),
        ("Qwen3_5", "error"),
        ("qwen3_5_flash_next", "warning"),
        ("", "error"),
    ],
)
def test_fires_on_a_model_type_that_no_reader_has(
    name: str, severity: str, mixed: Draft, findings: Judge
) -> None:
    assert findings("C102", mixed.config("model_type", name)) == [f"{severity} {TYPE}"]


def test_silent_on_the_model_type_of_another_reader(draft: Drafts, findings: Judge) -> None:
    kimi = draft("deepseek_v3-nvfp4").config("model_type", "kimi_k2")
    assert findings("C102", kimi) == []
    assert findings("C102", draft("llama-nvfp4").config("model_type", "helium")) == []
