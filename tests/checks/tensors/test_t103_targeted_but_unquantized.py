import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

UP = "model.layers.0.mlp.up_proj"


def test_fires_as_warning_on_a_head_that_ignore_no_longer_names(
    draft: Drafts, findings: Judge
) -> None:
    """vLLM takes a head by its name only, and leaves this one plain; transformers does not."""
    broken = draft("llama-nvfp4").config("quantization_config.ignore", [])
    assert findings("T103", broken) == ["warning lm_head"]


def test_fires_as_warning_on_a_misspelt_ignore_entry(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("quantization_config.ignore", ["lm_haed"])
    assert findings("T103", broken) == ["warning lm_head"]


def test_fires_on_multi_token_prediction_under_a_class_target(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3_5-mtp").config("quantization_config.ignore", ["re:.*visual.*", "lm_head"])
    broken.config("quantization_config.config_groups.group_0.targets", ["Linear"])
    found = findings("T103", broken)
    assert "error mtp.fc" in found
    assert not [line for line in found if "norm" in line or "visual" in line]


@pytest.mark.parametrize("name", ["llama-nvfp4", "llama-w4a16", "llama-fp8-dynamic"])
def test_fires_on_a_module_that_was_left_as_it_was(
    name: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    roles = [tensor for tensor in broken.tensors() if tensor.startswith(f"{UP}.")]
    for tensor in roles:
        broken.drop(tensor)
    broken.add(f"{UP}.weight", "BF16", [256, 128], beside="lm_head.weight")
    assert findings("T103", broken) == [f"error {UP}"]
    assert [findings(code, broken) for code in ("T101", "T102", "T105", "T106", "T107")] == [[]] * 5


def test_silent_on_routers_and_norms_under_a_class_target(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3_moe-fp8").config("quantization_config.ignore", ["lm_head"])
    assert findings("T103", kept) == []


def test_silent_on_small_gates_of_linear_attention(mixed: Draft, findings: Judge) -> None:
    assert findings("T103", mixed) == []


def test_silent_where_only_the_cache_is_quantized(draft: Drafts, findings: Judge) -> None:
    assert findings("T103", draft("qwen3-kv-only")) == []


def test_silent_on_the_layer_in_a_router_of_an_unknown_model(
    draft: Drafts, findings: Judge
) -> None:
    name = "model.layers.0.block_sparse_moe.router.layer.weight"
    kept = draft("llama-fp8-dynamic").config("model_type", "mystery")
    kept.add(name, "BF16", [4, 128], beside="model.norm.weight").noise(name)
    assert findings("T103", kept) == []
