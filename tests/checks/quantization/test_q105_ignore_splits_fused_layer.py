import pytest

from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import Draft

IGNORE = "quantization_config.ignore"
ATTENTION = "model.layers.0.self_attn"


@pytest.mark.parametrize(
    ("ignored", "kept"),
    [("q_proj", "k_proj"), ("k_proj", "q_proj"), ("v_proj", "q_proj")],
)
def test_fires_on_one_projection_of_three(
    ignored: str, kept: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").unquantize(f"{ATTENTION}.{ignored}")
    broken.config(IGNORE, ["lm_head", f"{ATTENTION}.{ignored}"])
    assert findings("Q105", broken) == [f"error {ATTENTION}.{kept}"]


def test_fires_on_every_layer_of_a_pattern(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(IGNORE, ["lm_head", r"re:.*\.up_proj$"])
    for layer in range(2):
        broken.unquantize(f"model.layers.{layer}.mlp.up_proj")
    assert findings("Q105", broken) == [f"error model.layers.{i}.mlp.gate_proj" for i in range(2)]


def test_fires_behind_the_prefix_that_vllm_changes(mixed: Draft, findings: Judge) -> None:
    layer = "model.language_model.layers.0.linear_attn"
    ignored = mixed.read()["quantization_config"]["ignore"]
    broken = mixed.unquantize(f"{layer}.in_proj_z")
    broken.config(IGNORE, [*ignored, f"{layer}.in_proj_z"])
    assert findings("Q105", broken) == [f"error {layer}.in_proj_qkv"]


@pytest.mark.parametrize("ignored", [r"re:.*self_attn\.(q|k|v)_proj$", "re:.*self_attn", "re:.*"])
def test_silent_where_all_parts_are_ignored(ignored: str, draft: Drafts, findings: Judge) -> None:
    assert findings("Q105", draft("llama-nvfp4").config(IGNORE, [ignored])) == []


def test_silent_where_what_is_ignored_is_stored_quantized(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(IGNORE, ["lm_head", f"{ATTENTION}.q_proj"])
    assert findings("Q105", kept) == []
    assert findings("Q104", kept) == [f"error {ATTENTION}.q_proj"]


def test_silent_on_a_projection_that_stands_alone(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config(IGNORE, ["lm_head", f"{ATTENTION}.o_proj"])
    assert findings("Q105", kept) == []


def test_silent_on_an_unknown_architecture_and_says_so(draft: Drafts) -> None:
    broken = draft("llama-nvfp4").config("model_type", "mystery")
    found, skipped = judge_one("Q105", broken.path)
    assert found == ()
    assert "mystery" in skipped[0].reason
