import json
from typing import Any

import pytest

from tests.conftest import Judge
from tests.mutate import Draft

FILE = "generation_config.json"


def test_fires_when_it_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.write(FILE, "{")) == [f"error {FILE}"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", -1),
        ("temperature", "hot"),
        ("temperature", 0.0),
        ("top_k", 20.5),
        ("top_p", 1.5),
        ("top_k", [20]),
        ("min_p", 2),
    ],
)
def test_fires_as_warning_out_of_range(key: str, value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.edit(FILE, key, value)) == [f"warning {FILE}: {key}"]


def test_fires_as_warning_when_greedy_decoding_has_a_temperature(
    mixed: Draft, findings: Judge
) -> None:
    places = [f"warning {FILE}: {key}" for key in ("temperature", "top_p", "top_k")]
    assert findings("C119", mixed.edit(FILE, "do_sample", value=False)) == places


def test_fires_as_warning_on_a_length_for_no_answer(mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.edit(FILE, "max_length", 20)) == [f"warning {FILE}: max_length"]


def test_fires_as_note_when_there_is_none(mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.remove(FILE)) == [f"info {FILE}"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("temperature", 2.0), ("top_k", -1), ("top_k", 0), ("top_p", None), ("max_length", 4096)],
)
def test_silent_on_values_at_the_edge(key: str, value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.edit(FILE, key, value)) == []


def test_silent_on_greedy_decoding_by_the_temperature(mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.write(FILE, json.dumps({"temperature": 0.0}))) == []


def test_silent_when_sampling_is_left_to_the_reader(mixed: Draft, findings: Judge) -> None:
    assert findings("C119", mixed.unset(FILE, "do_sample")) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_new_tokens", -1), ("max_length", "a"), ("num_beams", 0), ("do_sample", "yes")],
)
def test_fires_on_values_that_are_none(
    key: str, value: object, mixed: Draft, findings: Judge
) -> None:
    broken = mixed.write("generation_config.json", json.dumps({key: value}))
    assert findings("C119", broken) == [f"warning generation_config.json: {key}"]
