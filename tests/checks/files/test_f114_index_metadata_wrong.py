import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize("size", [1, 1481313, "1481312", True, None, [], 1e999])
def test_fires_when_the_total_size_is_wrong(mixed: Draft, findings: Judge, size: object) -> None:
    broken = mixed.edit(INDEX, "metadata.total_size", size)
    assert findings("F114", broken) == [f"warning {INDEX}: metadata.total_size"]


def test_fires_when_the_parameters_are_wrong(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(INDEX, "metadata.total_parameters", 27_000_000)
    assert findings("F114", broken) == [f"warning {INDEX}: metadata.total_parameters"]


def test_fires_as_note_when_there_is_no_metadata(mixed: Draft, findings: Judge) -> None:
    assert findings("F114", mixed.unset(INDEX, "metadata")) == [f"info {INDEX}"]


def test_silent_when_the_total_is_that_of_the_files(draft: Drafts, findings: Judge) -> None:
    mtp = draft("qwen3_5-mtp")
    files = sum((mtp.path / shard).stat().st_size for shard in mtp.shards())
    assert mtp.read(INDEX)["metadata"]["total_size"] == files
    assert findings("F114", mtp) == []


def test_silent_when_totals_are_absent_or_floats(mixed: Draft, findings: Judge) -> None:
    assert findings("F114", mixed.edit(INDEX, "metadata", {})) == []
    assert findings("F114", mixed.edit(INDEX, "metadata", {"total_size": 1481312.0})) == []


def test_silent_when_parameters_are_counted_unpacked(mixed: Draft, findings: Judge) -> None:
    assert findings("F114", mixed.edit(INDEX, "metadata.total_parameters", 1_259_916)) == []


def test_silent_when_a_shard_is_missing(mixed: Draft, findings: Judge) -> None:
    assert findings("F114", mixed.remove("model-00003-of-00003.safetensors")) == []
