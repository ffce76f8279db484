from tests.conftest import Judge
from tests.mutate import Draft, pack_shard

INDEX = "model.safetensors.index.json"


def test_fires_when_a_shard_of_an_older_export_is_left(mixed: Draft, findings: Judge) -> None:
    shard = (mixed.path / "model-00003-of-00003.safetensors").read_bytes()
    broken = mixed.write("model-00004-of-00004.safetensors", shard)
    assert findings("F111", broken) == ["error model-00004-of-00004.safetensors"]


def test_fires_as_warning_when_the_file_shares_no_tensor(mixed: Draft, findings: Judge) -> None:
    adapter = pack_shard({"layers.0.lora_A.weight": ("F32", [1], bytes(4))})
    broken = mixed.write("adapter_model.safetensors", adapter)
    assert findings("F111", broken) == ["warning adapter_model.safetensors"]


def test_fires_as_warning_for_a_consolidated_copy(mixed: Draft, findings: Judge) -> None:
    shard = (mixed.path / "model-00003-of-00003.safetensors").read_bytes()
    broken = mixed.write("consolidated.safetensors", shard)
    assert findings("F111", broken) == ["warning consolidated.safetensors"]


def test_silent_when_weights_lie_in_a_folder_of_their_own(mixed: Draft, findings: Judge) -> None:
    shard = (mixed.path / "model-00003-of-00003.safetensors").read_bytes()
    assert findings("F111", mixed.write("1_Dense/model.safetensors", shard)) == []


def test_silent_when_the_index_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("F111", mixed.write(INDEX, "{")) == []
