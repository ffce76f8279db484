from tests.conftest import Judge
from tests.mutate import Draft, pack_shard, read_shard

INDEX = "model.safetensors.index.json"
FIRST, LAST = "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"


def copy_head(draft: Draft, shard: str) -> Draft:
    head = read_shard(draft.path / LAST)["lm_head.weight"]
    entries = read_shard(draft.path / shard) if (draft.path / shard).exists() else {}
    return draft.write(shard, pack_shard({**entries, "lm_head.weight": head}))


def test_fires_when_two_shards_hold_a_tensor(mixed: Draft, findings: Judge) -> None:
    assert findings("F112", copy_head(mixed, FIRST)) == [f"error {LAST}: lm_head.weight"]


def test_silent_when_the_other_file_is_not_in_the_index(mixed: Draft, findings: Judge) -> None:
    assert findings("F112", copy_head(mixed, "other.safetensors")) == []


def test_silent_when_there_is_no_index(mixed: Draft, findings: Judge) -> None:
    assert findings("F112", copy_head(mixed, "other.safetensors").remove(INDEX)) == []
