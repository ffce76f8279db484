from typing import Any

import pytest

from tests.conftest import Judge
from tests.mutate import Draft

LOCAL = {"AutoModelForCausalLM": "modeling_zephyr.Zephyr9ForCausalLM"}
PLACE = "config.json: auto_map.AutoModelForCausalLM"
CODE = "class Zephyr9ForCausalLM: ...\n"


@pytest.fixture
def foreign(mixed: Draft) -> Draft:
    return mixed.config("architectures", ["Zephyr9ForCausalLM"])


def test_fires_when_the_code_is_not_here(foreign: Draft, findings: Judge) -> None:
    assert findings("C121", foreign.config("auto_map", LOCAL)) == [f"error {PLACE}"]


def test_fires_as_warning_when_readers_have_the_class(mixed: Draft, findings: Judge) -> None:
    assert findings("C121", mixed.config("auto_map", LOCAL)) == [f"warning {PLACE}"]


def test_fires_as_warning_when_the_code_must_be_trusted(foreign: Draft, findings: Judge) -> None:
    foreign.write("modeling_zephyr.py", CODE)
    assert findings("C121", foreign.config("auto_map", LOCAL)) == [f"warning {PLACE}"]


def test_fires_as_warning_on_code_from_another_repository(mixed: Draft, findings: Judge) -> None:
    entry = {"AutoModelForCausalLM": "someone/zephyr--modeling_zephyr.Zephyr9ForCausalLM"}
    assert findings("C121", mixed.config("auto_map", entry)) == [f"warning {PLACE}"]


def test_fires_on_the_tokenizers_pair(foreign: Draft, findings: Judge) -> None:
    pair = {"AutoTokenizer": ["tokenization_zephyr.Zephyr9Tokenizer", None]}
    broken = foreign.edit("tokenizer_config.json", "auto_map", pair)
    place = "tokenizer_config.json: auto_map.AutoTokenizer"
    assert findings("C121", broken) == [f"error {place}"]


def test_fires_as_note_when_nothing_needs_the_code(mixed: Draft, findings: Judge) -> None:
    mixed.write("modeling_zephyr.py", CODE)
    assert findings("C121", mixed.config("auto_map", LOCAL)) == [f"info {PLACE}"]


@pytest.mark.parametrize("value", [None, {}, [], {"AutoConfig": None}])
def test_silent_when_it_names_nothing(value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C121", mixed.config("auto_map", value)) == []


@pytest.mark.parametrize("value", ["modeling.Zephyr", [1], 5])
def test_fires_when_it_is_no_map(value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C121", mixed.config("auto_map", value)) == ["warning config.json: auto_map"]


@pytest.mark.parametrize("entry", [5, "Zephyr", "../evil.X", "a.b.C", {"x": 1}])
def test_fires_on_an_entry_that_names_no_class(entry: Any, mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("auto_map", {"AutoModelForCausalLM": entry})
    assert findings("C121", broken) == [f"warning {PLACE}"]


def test_fires_when_the_file_has_another_class(mixed: Draft, findings: Judge) -> None:
    mixed.write("modeling_zephyr.py", "class Zephyr8ForCausalLM: ...\n")
    broken = mixed.config("auto_map", LOCAL)
    assert findings("C121", broken) == [f"info {PLACE}", f"warning {PLACE}"]
