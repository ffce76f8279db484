import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

SCHEME = "quantization_config.kv_cache_scheme"
LAYER = "model.layers.1.self_attn"


@pytest.mark.parametrize("role", ["k_scale", "v_scale"])
@pytest.mark.parametrize("name", ["qwen3-fp8-kv", "qwen3-kv-only"])
def test_fires_on_a_scale_that_is_missing(
    name: str, role: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).drop(f"{LAYER}.{role}")
    assert findings("Q114", broken) == [f"error {LAYER}"]


def test_fires_once_when_no_layer_has_any(draft: Drafts, findings: Judge) -> None:
    scheme = draft("qwen3-fp8-kv").read()["quantization_config"]["kv_cache_scheme"]
    broken = draft("llama-fp8-dynamic").config(SCHEME, scheme)
    assert findings("Q114", broken) == [f"error config.json: {SCHEME}"]


def test_fires_as_warning_on_scales_without_a_scheme(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv").config(SCHEME, None)
    assert findings("Q114", broken) == [f"warning config.json: {SCHEME}"]


def test_fires_as_warning_on_old_names(draft: Drafts, findings: Judge) -> None:
    key = f"{LAYER}.k_proj"
    broken = draft("llama-fp8-dynamic").add(
        f"{key}.output_scale", "F32", [1], beside=f"{key}.weight"
    )
    assert findings("Q114", broken) == [f"warning {key}"]


def test_silent_on_linear_attention_and_on_towers(mixed: Draft, findings: Judge) -> None:
    scheme = {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": False}
    for name in sorted(mixed.tensors()):
        module = name.removesuffix(".k_proj.weight")
        if module != name and "visual" not in name:
            for role in ("k_scale", "v_scale"):
                mixed.add(f"{module}.{role}", "BF16", [1], beside=name)
    assert findings("Q114", mixed.config(SCHEME, scheme)) == []


def test_silent_where_layers_share_a_cache(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-fp8-kv").drop(f"{LAYER}.k_scale").drop(f"{LAYER}.v_scale")
    assert findings("Q114", kept.config("num_kv_shared_layers", 1)) == []


def test_silent_where_a_group_is_for_attention_itself(draft: Drafts, findings: Judge) -> None:
    group = {"targets": ["re:.*self_attn$"], "weights": None}
    kept = draft("qwen3-fp8-kv").config(SCHEME, None)
    kept.config("quantization_config.config_groups.group_1", group)
    assert findings("Q114", kept) == []


def test_fires_as_warning_on_a_dynamic_scheme_without_scales(
    draft: Drafts, findings: Judge
) -> None:
    scheme = {"num_bits": 8, "type": "float", "strategy": "tensor", "dynamic": True}
    broken = draft("llama-nvfp4").config("quantization_config.kv_cache_scheme", scheme)
    place = "quantization_config.kv_cache_scheme"
    assert findings("Q114", broken) == [f"warning config.json: {place}"]
