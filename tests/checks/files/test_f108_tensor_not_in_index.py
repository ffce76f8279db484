from tests.conftest import Judge
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"


def test_fires_when_the_index_forgets_a_tensor(mixed: Draft, findings: Judge) -> None:
    document = mixed.read(INDEX)
    shard = document["weight_map"].pop("lm_head.weight")
    broken = mixed.edit(INDEX, "weight_map", document["weight_map"])
    assert findings("F108", broken) == [f"error {shard}: lm_head.weight"]


def test_silent_when_the_shard_is_not_named_at_all(mixed: Draft, findings: Judge) -> None:
    shard = mixed.path / "model-00003-of-00003.safetensors"
    assert findings("F108", mixed.write("other.safetensors", shard.read_bytes())) == []
