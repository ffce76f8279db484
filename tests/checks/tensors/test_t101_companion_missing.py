import pytest

from tests.conftest import Drafts, Judge

UP = "model.layers.0.mlp.up_proj"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("llama-nvfp4", "weight_packed"),
        ("llama-nvfp4", "weight_scale"),
        ("llama-nvfp4", "weight_global_scale"),
        ("llama-nvfp4", "input_global_scale"),
        ("llama-mxfp4", "weight_scale"),
        ("llama-mxfp8", "weight_scale"),
        ("llama-fp8-static", "input_scale"),
        ("llama-fp8-dynamic", "weight"),
        ("llama-fp8-block", "weight_scale"),
        ("llama-w8a8-int8", "weight_scale"),
        ("llama-w4a16", "weight_shape"),
        ("llama-w4a16-asym", "weight_zero_point"),
    ],
)
def test_fires_on_each_tensor_that_a_scheme_needs(
    name: str, role: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("T101", draft(name).drop(f"{UP}.{role}")) == [f"error {UP}"]


def test_fires_on_an_expert(draft: Drafts, findings: Judge) -> None:
    expert = "model.layers.1.mlp.experts.3.down_proj"
    broken = draft("qwen3_moe-nvfp4").drop(f"{expert}.input_global_scale")
    assert findings("T101", broken) == [f"error {expert}"]


def test_fires_once_for_a_scale_under_the_name_of_deepseek(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-block").rename(f"{UP}.weight_scale", f"{UP}.weight_scale_inv")
    assert findings("T101", broken) == [f"error {UP}"]
    assert findings("T102", broken) == []


def test_fires_where_the_architecture_is_unknown(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("model_type", "novel").drop(f"{UP}.weight_scale")
    assert findings("T101", broken) == [f"error {UP}"]


def test_silent_on_a_weight_that_is_stored_in_another_scheme(
    draft: Drafts, findings: Judge
) -> None:
    args = "quantization_config.config_groups.group_0.weights"
    other = draft("llama-fp8-dynamic").config(
        "quantization_config.config_groups.group_0",
        draft("llama-nvfp4").read()["quantization_config"]["config_groups"]["group_0"],
    )
    assert findings("T101", other) == []
    assert findings("T101", draft("llama-w4a16-asym").config(f"{args}.symmetric", True)) == []


def test_silent_on_modules_that_ignore_names(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").drop(f"{UP}.weight_scale")
    assert findings("T101", kept.config("quantization_config.ignore", ["lm_head", UP])) == []
