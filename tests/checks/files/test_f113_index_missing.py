from tests.conftest import Drafts, Judge
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"


def test_fires_when_shards_have_no_index(mixed: Draft, findings: Judge) -> None:
    assert findings("F113", mixed.remove(INDEX)) == [f"error {INDEX}"]


def test_fires_when_a_second_file_lies_beside_the_model(draft: Drafts, findings: Judge) -> None:
    single = draft("llama-nvfp4")
    weights = (single.path / "model.safetensors").read_bytes()
    assert findings("F113", single.write("old.safetensors", weights)) == [f"error {INDEX}"]


def test_silent_for_a_single_file(draft: Drafts, findings: Judge) -> None:
    assert findings("F113", draft("llama-nvfp4")) == []


def test_silent_beside_a_consolidated_copy(draft: Drafts, findings: Judge) -> None:
    single = draft("llama-nvfp4")
    weights = (single.path / "model.safetensors").read_bytes()
    assert findings("F113", single.write("consolidated.safetensors", weights)) == []


def test_silent_when_the_index_is_broken(mixed: Draft, findings: Judge) -> None:
    assert findings("F113", mixed.write(INDEX, "{")) == []
