from typing import Any

import pytest
from transformers.activations import ACT2CLS

from checks.config.c126_setting_impossible import ACTIVATIONS
from tests.conftest import GOOD, Drafts, Judge
from tests.mutate import Draft


@pytest.mark.parametrize("value", [10**9, 10**30, -1, "2", 2.5, True, 1e999])
@pytest.mark.parametrize("key", ["num_hidden_layers", "num_attention_heads"])
def test_fires_on_a_number_of_layers_or_heads(
    key: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("C126", draft("llama-nvfp4").config(key, value)) == [
        f"error config.json: {key}"
    ]


@pytest.mark.parametrize("value", [1 << 32, -128, "128", 128.0, False])
@pytest.mark.parametrize("key", ["hidden_size", "vocab_size", "head_dim"])
def test_fires_on_a_width(key: str, value: Any, draft: Drafts, findings: Judge) -> None:
    assert findings("C126", draft("llama-nvfp4").config(key, value)) == [
        f"error config.json: {key}"
    ]


@pytest.mark.parametrize("key", ["num_hidden_layers", "hidden_size", "vocab_size"])
def test_fires_on_a_size_that_is_missing(key: str, draft: Drafts, findings: Judge) -> None:
    for broken in (
        draft("llama-nvfp4").config(key, None),
        draft("llama-nvfp4").unset("config.json", key),
    ):
        assert findings("C126", broken) == [f"error config.json: {key}"]


@pytest.mark.parametrize("name", ["glm4_moe-fp8-block", "gemma3-w4a16"])
def test_silent_on_a_size_that_the_class_has(name: str, draft: Drafts, findings: Judge) -> None:
    made = draft(name)
    key = "text_config.vocab_size" if name.startswith("gemma") else "head_dim"
    assert findings("C126", made.unset("config.json", key)) == []


def test_fires_on_a_nested_setting(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config("text_config.hidden_size", -1)
    assert findings("C126", broken) == ["error config.json: text_config.hidden_size"]


@pytest.mark.parametrize("value", [0, 3, 10_000, None, [2, 2], {}])
def test_silent_on_what_is_a_number_or_one_for_each_layer(
    value: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("C126", draft("llama-nvfp4").config("num_key_value_heads", value)) == []


NONE_SUCH: dict[str, list[Any]] = {
    "rms_norm_eps": ["1e-6", -1e-6, 10, 1e999, True],
    "dtype": ["float99", "int8", 16, []],
    "hidden_act": ["gellu", "", 1, ["silu"]],
    "max_position_embeddings": [0],
    "partial_rotary_factor": [0, 2.0, "1"],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in NONE_SUCH.items() for value in values]
)
def test_fires_on_a_setting_that_there_is_not(
    key: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("C126", draft("llama-nvfp4").config(key, value)) == [
        f"error config.json: {key}"
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("rms_norm_eps", 0), ("dtype", "torch.float16"), ("dtype", {}), ("hidden_act", "relu2")],
)
def test_silent_on_a_setting_that_there_is(
    key: str, value: Any, draft: Drafts, findings: Judge
) -> None:
    assert findings("C126", draft("llama-nvfp4").config(key, value)) == []


def test_silent_on_activations_of_transformers_and_of_remote_code(
    draft: Drafts, findings: Judge
) -> None:
    assert set(ACT2CLS) == ACTIVATIONS
    kept = draft("llama-nvfp4").config("hidden_act", "fatrelu").config("auto_map", {})
    assert findings("C126", kept) == []


def test_silent_on_settings_of_a_tower(mixed: Draft, findings: Judge) -> None:
    assert findings("C126", mixed.config("vision_config.depth", -1)) == []


def test_silent_on_every_good_checkpoint(draft: Drafts, findings: Judge) -> None:
    for path in GOOD:
        name = "demo" if path.name == "checkpoint" else path.name
        assert findings("C126", draft(name)) == []


@pytest.mark.parametrize("key", ["final_logit_softcapping", "query_pre_attn_scalar"])
def test_fires_on_what_gemma_cannot_divide_by(key: str, draft: Drafts, findings: Judge) -> None:
    for value in (0, 0.0, -1.0, "30"):
        broken = draft("gemma2-int8-gptq").config(key, value)
        assert findings("C126", broken) == [f"error config.json: {key}"]
    nested = draft("gemma3-w4a16").config(f"text_config.{key}", 0.0)
    assert findings("C126", nested) == [f"error config.json: text_config.{key}"]


@pytest.mark.parametrize("value", [30.0, 224, None])
def test_silent_on_what_gemma_divides_by(value: Any, draft: Drafts, findings: Judge) -> None:
    soft = draft("gemma3-w4a16").config("text_config.final_logit_softcapping", value)
    assert findings("C126", soft) == []
