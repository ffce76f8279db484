import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

QUERY = "model.layers.0.self_attn.q_proj"


def test_fires_on_key_and_value_when_their_heads_are_miscounted(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").config("num_key_value_heads", 4)
    layers = [f"model.layers.{i}.self_attn.{p}_proj" for i in range(2) for p in "kv"]
    assert sorted(findings("C107", broken)) == [f"error {name}" for name in layers]


def test_fires_on_a_packed_weight_with_too_many_rows(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(f"{QUERY}.weight_packed", "U8", [256, 64])
    assert findings("C107", broken) == [f"error {QUERY}"]


def test_fires_on_a_bias(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen2-bias-int8").retype(f"{QUERY}.bias", "BF16", [64])
    assert findings("C107", broken) == [f"error {QUERY}"]


def test_fires_on_a_convolution(mixed: Draft, findings: Judge) -> None:
    name = "model.language_model.layers.0.linear_attn.conv1d"
    broken = mixed.retype(f"{name}.weight", "BF16", [512, 1, 3])
    assert findings("C107", broken) == [f"error {name}"]


def test_silent_on_the_cause_that_c106_names(mixed: Draft, findings: Judge) -> None:
    assert findings("C107", mixed.config("text_config.hidden_size", 256)) == []


@pytest.mark.parametrize("count", [6, 10])
def test_silent_on_the_router_when_the_expert_count_is_wrong(
    count: int, draft: Drafts, findings: Judge
) -> None:
    assert findings("C107", draft("qwen3_moe-fp8").config("num_local_experts", count)) == []


def test_fires_on_a_router_of_another_height(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-fp8").retype("model.layers.0.mlp.gate.weight", "BF16", [9, 128])
    assert findings("C107", broken) == ["error model.layers.0.mlp.gate"]


def test_silent_on_a_packed_weight_of_the_wrong_dtype(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").retype(f"{QUERY}.weight_packed", "I32", [128, 16])
    assert findings("C107", kept) == []
