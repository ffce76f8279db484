from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

ROPE = "rope_parameters"
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


@pytest.fixture
def text(draft: Drafts) -> Draft:
    return draft("llama-nvfp4")


def test_fires_when_two_dtypes_disagree(text: Draft, findings: Judge) -> None:
    assert findings("C120", text.config("torch_dtype", "float16")) == ["warning config.json: dtype"]


def test_fires_when_the_weights_have_another_dtype(text: Draft, findings: Judge) -> None:
    assert findings("C120", text.config("dtype", "float32")) == ["warning config.json: dtype"]


def test_fires_on_heads_of_a_tower_that_do_not_divide_it(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("vision_config.num_heads", 3)
    assert findings("C120", broken) == ["error config.json: vision_config.num_heads"]


def test_fires_when_the_top_level_has_another_dtype_than_the_weights(
    mixed: Draft, findings: Judge
) -> None:
    assert findings("C120", mixed.config("dtype", "float16")) == ["warning config.json: dtype"]


def test_silent_on_another_dtype_within(mixed: Draft, findings: Judge) -> None:
    """Readers take the top level's: PaliGemma's language model says float32."""
    assert findings("C120", mixed.config("text_config.dtype", "float32")) == []


def test_fires_on_rope_that_is_no_object(text: Draft, findings: Judge) -> None:
    broken = text.config("rope_scaling", "linear")
    assert findings("C120", broken) == ["warning config.json: rope_scaling"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_experts_per_tok", 0),
        ("num_experts_per_tok", 5),
        ("n_group", 3),
        ("n_group", 0),
        ("topk_group", 2),
        ("topk_group", 0),
    ],
)
def test_fires_on_a_router_that_cannot_choose(
    key: str, value: int, draft: Drafts, findings: Judge
) -> None:
    broken = draft("deepseek_v3-nvfp4").config(key, value)
    assert findings("C120", broken) == [f"error config.json: {key}"]


@pytest.mark.parametrize(("groups", "kept"), [(4, 4), (2, 1), (1, 1), (None, None)])
def test_silent_on_groups_of_one_size(
    groups: int | None, kept: int | None, draft: Drafts, findings: Judge
) -> None:
    made = draft("deepseek_v3-nvfp4").config("n_group", groups).config("topk_group", kept)
    assert findings("C120", made) == []


@pytest.mark.parametrize(
    ("rope", "key"),
    [
        ({"rope_type": "yarnn", "factor": 4.0}, "rope_type"),
        ({"rope_type": "linear", "factor": "4"}, "factor"),
        ({"rope_type": "dynamic", "factor": 0.5}, "factor"),
        (LLAMA3 | {"low_freq_factor": None}, "low_freq_factor"),
        ({"rope_type": "default", "rope_theta": 0}, "rope_theta"),
        ({"rope_type": "default", "mrope_section": [8, 8, 8]}, "mrope_section"),
    ],
)
def test_fires_on_rope(rope: dict[str, Any], key: str, text: Draft, findings: Judge) -> None:
    assert findings("C120", text.config(ROPE, rope)) == [f"warning config.json: {ROPE}.{key}"]


@pytest.mark.parametrize(
    ("rope", "key"),
    [
        *[({"rope_type": kind}, "factor") for kind in ("yarn", "linear", "dynamic")],
        ({key: value for key, value in LLAMA3.items() if key != "factor"}, "factor"),
        ({k: v for k, v in LLAMA3.items() if k != "low_freq_factor"}, "low_freq_factor"),
    ],
)
def test_fires_as_error_on_what_rope_lacks(
    rope: dict[str, Any], key: str, text: Draft, findings: Judge
) -> None:
    assert findings("C120", text.config(ROPE, rope)) == [f"error config.json: {ROPE}.{key}"]


def test_fires_as_warning_where_alpha_stands_for_a_factor(text: Draft, findings: Judge) -> None:
    rope = {"rope_type": "dynamic", "alpha": 1000.0}
    assert findings("C120", text.config(ROPE, rope)) == [f"warning config.json: {ROPE}.factor"]


def test_fires_when_old_and_new_rope_disagree(text: Draft, findings: Judge) -> None:
    broken = text.config("rope_scaling", {"type": "linear", "factor": 2.0})
    assert findings("C120", broken) == ["warning config.json: rope_scaling"]


def test_fires_when_heads_do_not_divide(text: Draft, findings: Judge) -> None:
    broken = text.config("num_key_value_heads", 3)
    assert findings("C120", broken) == ["error config.json: num_key_value_heads"]


@pytest.mark.parametrize(
    "rope",
    [
        LLAMA3,
        None,
        {"rope_type": "default", "mrope_section": [8, 4, 4]},
        {"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_theta": 1e4}},
        {"rope_type": "longrope", "short_factor": [1.0], "long_factor": [1.0]},
    ],
)
def test_silent_on_rope_of_other_models(rope: Any, text: Draft, findings: Judge) -> None:
    assert findings("C120", text.config(ROPE, rope)) == []


def test_silent_on_the_form_of_transformers_4(text: Draft, findings: Judge) -> None:
    kept = text.unset("config.json", "dtype").unset("config.json", ROPE)
    kept.config("torch_dtype", "bfloat16").config("rope_theta", 10000.0)
    assert findings("C120", kept.config("rope_scaling", value=None)) == []


def test_silent_when_both_dtypes_say_the_same(text: Draft, findings: Judge) -> None:
    assert findings("C120", text.config("torch_dtype", "torch.bfloat16")) == []


def test_silent_on_one_weight_in_another_dtype(mixed: Draft, findings: Judge) -> None:
    name = "model.language_model.layers.0.linear_attn.in_proj_a.weight"
    assert findings("C120", mixed.retype(name, "F32", [2, 128])) == []


def test_fires_on_more_experts_for_a_token_than_there_are(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-nvfp4").config("num_experts_per_tok", 9)
    assert findings("C120", broken) == ["error config.json: num_experts_per_tok"]
    assert findings("C120", broken.config("num_experts_per_tok", 8)) == []
