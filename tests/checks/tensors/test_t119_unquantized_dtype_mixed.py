import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

NORM = "model.layers.1.input_layernorm.weight"
LINEAR = "model.language_model.layers.{}.linear_attn"


@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_fires_on_one_norm_of_many(dtype: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(NORM, dtype, [128])
    assert findings("T119", broken) == [f"warning {NORM}"]


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "lm_head.weight"])
def test_fires_on_a_table_that_is_not_of_the_models_dtype(
    name: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4")
    broken.retype(name, "F16", broken.shape(name))
    assert findings("T119", broken) == [f"warning {name}"]


def test_fires_on_one_bias(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.self_attn.k_proj.bias"
    broken = draft("qwen2-bias-int8")
    assert findings("T119", broken.retype(name, "F32", broken.shape(name))) == [f"warning {name}"]


def test_fires_on_one_parameter_of_linear_attention(mixed: Draft, findings: Judge) -> None:
    name = f"{LINEAR.format(1)}.A_log"
    assert findings("T119", mixed.retype(name, "F32", [4])) == [f"warning {name}"]


def test_silent_on_parameters_that_are_wide_in_every_layer(mixed: Draft, findings: Judge) -> None:
    for layer in range(3):  # the fourth has softmax attention
        mixed.retype(f"{LINEAR.format(layer)}.A_log", "F32", [4])
        mixed.retype(f"{LINEAR.format(layer)}.norm.weight", "F32", [32])
    assert findings("T119", mixed) == []


def test_silent_on_a_correction_bias(draft: Drafts, findings: Judge) -> None:
    assert findings("T119", draft("deepseek_v3-nvfp4")) == []


def test_silent_on_scales_of_any_width(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-static")
    assert findings("T119", kept.retype("model.layers.0.mlp.up_proj.input_scale", "F32", [1])) == []


def test_silent_where_the_config_is_at_fault(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config("dtype", "float16").config("torch_dtype", "float16")
    assert findings("T119", kept) == []  # C120 says it


def test_silent_without_a_declared_dtype(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config("dtype", None).config("torch_dtype", None)
    assert findings("T119", kept) == []


def test_silent_on_tensors_that_a_scheme_speaks_of(draft: Drafts, findings: Judge) -> None:
    up = "model.layers.0.mlp.up_proj"
    kept = draft("llama-fp8-dynamic").retype(f"{up}.weight", "F32", [256, 128])
    kept.rename(f"{up}.weight_scale", f"{up}.weight_scales")
    assert findings("T119", kept) == []  # T106, T101
