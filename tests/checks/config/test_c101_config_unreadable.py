import json

import pytest

from tests.conftest import Judge
from tests.mutate import Draft


def test_fires_when_there_is_no_config(mixed: Draft, findings: Judge) -> None:
    assert findings("C101", mixed.remove("config.json")) == ["error config.json"]


@pytest.mark.parametrize("raw", [b"[]", b"{", b"\xef\xbb\xbf{}", b"\xff\xfe", b"[" * 100_000])
def test_fires_when_it_is_not_a_json_object(raw: bytes, mixed: Draft, findings: Judge) -> None:
    assert findings("C101", mixed.write("config.json", raw)) == ["error config.json"]


def test_fires_as_warning_on_a_key_that_is_there_twice(mixed: Draft, findings: Judge) -> None:
    raw = (mixed.path / "config.json").read_text().rstrip().removesuffix("}")
    broken = mixed.write("config.json", f'{raw}, "model_type": "qwen3_5"}}')
    assert findings("C101", broken) == ["warning config.json: model_type"]


def test_fires_as_warning_on_infinity(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("text_config.rms_norm_eps", float("inf"))
    assert findings("C101", broken) == ["warning config.json"]


def test_silent_when_keys_are_in_another_order_and_unknown(mixed: Draft, findings: Judge) -> None:
    config = mixed.read() | {"comment": "NaN", "größe": 1}
    kept = mixed.write("config.json", json.dumps(config, sort_keys=True, ensure_ascii=False))
    assert findings("C101", kept) == []


def test_fires_once_when_it_is_a_folder(mixed: Draft, messages: Judge) -> None:
    mixed.remove("config.json")
    (mixed.path / "config.json").mkdir()
    assert messages("C101", mixed) == ["is a folder, not a file"]


def test_fires_on_a_number_that_no_reader_takes(mixed: Draft, messages: Judge) -> None:
    broken = mixed.write("config.json", '{"vocab_size": ' + "9" * 5000 + "}")
    assert messages("C101", broken) == [
        "is not JSON that readers take: a number has thousands of digits"
    ]
