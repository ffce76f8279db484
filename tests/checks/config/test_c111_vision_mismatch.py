import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

TOWER = "model.visual."


def drop(draft: Draft, prefix: str) -> Draft:
    for name in draft.tensors():
        if name.startswith(prefix):
            draft.drop(name)
    return draft


def test_fires_once_when_the_tower_is_missing(mixed: Draft, findings: Judge) -> None:
    assert findings("C111", drop(mixed, TOWER)) == ["error config.json: vision_config"]


def test_fires_on_the_block_that_is_missing(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("vision_config.depth", 2)
    assert findings("C111", broken) == [f"error {TOWER}blocks.1"]


def test_fires_on_a_block_too_many(mixed: Draft, findings: Judge) -> None:
    beside = f"{TOWER}blocks.0.norm1.weight"
    broken = mixed.add(f"{TOWER}blocks.1.norm1.weight", "BF16", [64], beside=beside)
    assert findings("C111", broken) == [f"error {TOWER}blocks.1"]


def test_fires_as_warning_on_a_tower_without_a_config(mixed: Draft, findings: Judge) -> None:
    broken = mixed.unset("config.json", "vision_config")
    found = findings("C111", broken.config("architectures", ["Qwen3_5ForCausalLM"]))
    assert len(found) == 1
    assert found[0].startswith(f"warning {TOWER}")


def test_silent_where_the_class_shows_that_the_config_is_missing(
    mixed: Draft, findings: Judge
) -> None:
    assert findings("C111", mixed.unset("config.json", "vision_config")) == []


def test_silent_on_a_text_only_class_without_tower(mixed: Draft, findings: Judge) -> None:
    kept = drop(mixed, TOWER).config("architectures", ["Qwen3_5ForCausalLM"])
    assert findings("C111", kept) == []


def test_silent_when_one_weight_of_the_tower_is_missing(mixed: Draft, findings: Judge) -> None:
    kept = drop(mixed, f"{TOWER}blocks.0.attn.qkv.")
    assert findings("C111", kept) == []


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("qwen3_vl-nvfp4", "vision_config.deepstack_visual_indexes", [99]),
        ("mistral3-fp8", "vision_feature_layer", -99),
        ("mistral3-fp8", "vision_feature_layer", [-1, 2]),
    ],
)
def test_fires_on_a_layer_that_the_tower_does_not_have(
    name: str, key: str, value: object, draft: Drafts, findings: Judge
) -> None:
    assert findings("C111", draft(name).config(key, value)) == [f"error config.json: {key}"]


@pytest.mark.parametrize("value", [-2, -1, 0, 1, [-1, 0], None])
def test_silent_on_layers_of_the_tower(value: object, draft: Drafts, findings: Judge) -> None:
    assert findings("C111", draft("mistral3-fp8").config("vision_feature_layer", value)) == []
