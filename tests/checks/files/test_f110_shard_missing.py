from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import Draft

INDEX = "model.safetensors.index.json"
SHARD = "model-00002-of-00003.safetensors"


def test_fires_when_the_index_names_a_missing_shard(mixed: Draft, findings: Judge) -> None:
    assert findings("F110", mixed.remove(SHARD)) == [f"error {SHARD}"]


def test_fires_when_numbers_have_a_gap_and_there_is_no_index(mixed: Draft, findings: Judge) -> None:
    assert findings("F110", mixed.remove(SHARD).remove(INDEX)) == [f"error {SHARD}"]


def test_fires_as_warning_when_a_complete_index_skips_a_number(
    mixed: Draft, findings: Judge
) -> None:
    weight_map = mixed.read(INDEX)["weight_map"]
    kept = {name: shard for name, shard in weight_map.items() if shard != SHARD}
    broken = mixed.edit(INDEX, "weight_map", kept).remove(SHARD)
    assert findings("F110", broken) == [f"warning {SHARD}"]


def test_fires_when_there_are_no_weights(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").remove("model.safetensors")
    assert findings("F110", broken) == ["error model.safetensors"]


def test_fires_with_the_name_that_readers_do_not_take(draft: Drafts) -> None:
    broken = draft("llama-nvfp4")
    (broken.path / "model.safetensors").rename(broken.path / "model.SAFETENSORS")
    [found], _ = judge_one("F110", broken.path)
    assert "readers do not take model.SAFETENSORS for one" in found.message


def test_silent_when_shards_are_counted_from_zero(mixed: Draft, findings: Judge) -> None:
    text = (mixed.path / INDEX).read_text()
    for number in (1, 2, 3):
        old, new = (f"model-0000{n}-of-00003.safetensors" for n in (number, number - 1))
        (mixed.path / old).rename(mixed.path / new)
        text = text.replace(old, new)
    assert findings("F110", mixed.write(INDEX, text)) == []


def test_silent_when_an_mtp_head_has_a_file_of_its_own(draft: Drafts, findings: Judge) -> None:
    assert findings("F110", draft("qwen3_5-mtp")) == []


def test_silent_when_the_shard_is_a_dangling_link(mixed: Draft, findings: Judge) -> None:
    mixed.remove(SHARD)
    (mixed.path / SHARD).symlink_to("gone")
    assert findings("F110", mixed) == []


def test_fires_when_the_weight_file_holds_no_tensor(draft: Drafts, findings: Judge) -> None:
    empty = (2).to_bytes(8, "little") + b"{}"
    broken = draft("llama-nvfp4").write("model.safetensors", empty)
    assert findings("F110", broken) == ["error model.safetensors"]


def test_silent_where_the_only_weight_file_is_a_link_out(draft: Drafts, findings: Judge) -> None:
    linked = draft("llama-nvfp4")
    file = linked.path / "model.safetensors"
    file.symlink_to(file.rename(linked.path.parent / "blob"))
    assert findings("F110", linked) == []  # F117 says it
