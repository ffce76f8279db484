from tests.conftest import Judge
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"
SHARD = "model-00001-of-00003.safetensors"


def test_fires_when_the_index_names_another_shard(mixed: Draft, findings: Judge) -> None:
    weight_map = mixed.read(INDEX)["weight_map"] | {"lm_head.weight": SHARD}
    broken = mixed.edit(INDEX, "weight_map", weight_map)
    assert findings("F109", broken) == [f"error {SHARD}: lm_head.weight"]


def test_fires_when_no_shard_holds_the_tensor(mixed: Draft, findings: Judge) -> None:
    weight_map = mixed.read(INDEX)["weight_map"] | {"lm_head.bias": SHARD}
    broken = mixed.edit(INDEX, "weight_map", weight_map)
    assert findings("F109", broken) == [f"error {SHARD}: lm_head.bias"]


def test_silent_when_the_shard_is_missing(mixed: Draft, findings: Judge) -> None:
    assert findings("F109", mixed.remove(SHARD)) == []


def test_silent_when_the_shard_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("F109", mixed.write(SHARD, b"")) == []
