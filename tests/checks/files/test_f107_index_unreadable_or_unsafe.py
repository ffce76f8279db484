import json

import pytest

from tests.conftest import Judge
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "shard",
    [
        "../model.safetensors",
        "/etc/model.safetensors",
        "sub/model.safetensors",
        "..\\model.safetensors",
        "C:model.safetensors",
        "file://model.safetensors",
        "model\0.safetensors",
        "model.bin",
        "..safetensors",
        "",
        7,
        None,
    ],
)
def test_fires_when_a_shard_is_no_plain_name(mixed: Draft, findings: Judge, shard: object) -> None:
    document = mixed.read(INDEX)
    document["weight_map"]["lm_head.weight"] = shard
    assert findings("F107", mixed.write(INDEX, json.dumps(document))) == [f"error {INDEX}"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": {}}', '{"weight_map": []}'])
def test_fires_when_there_is_no_weight_map(mixed: Draft, findings: Judge, text: str) -> None:
    assert findings("F107", mixed.write(INDEX, text)) == [f"error {INDEX}"]


def test_fires_when_a_tensor_is_named_twice(mixed: Draft, findings: Judge) -> None:
    text = '{"weight_map": {"a": "model.safetensors", "a": "model.safetensors"}}'
    assert findings("F107", mixed.write(INDEX, text)) == [f"error {INDEX}"]


def test_silent_when_shards_have_names_of_their_own(mixed: Draft, findings: Judge) -> None:
    shard = "model-00003-of-00003.safetensors"
    text = (mixed.path / INDEX).read_text().replace(shard, "layers..3 (last).safetensors")
    (mixed.path / shard).rename(mixed.path / "layers..3 (last).safetensors")
    assert findings("F107", mixed.write(INDEX, text)) == []
