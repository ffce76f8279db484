import pytest

from tests.conftest import Drafts, Judge

UP = "model.layers.0.mlp.up_proj"  # 256 x 128


@pytest.mark.parametrize(
    ("name", "role", "dtype", "shape"),
    [
        ("llama-nvfp4", "weight_scale", "F8_E4M3", [256, 7]),
        ("llama-nvfp4", "weight_scale", "F8_E4M3", [8, 256]),
        ("llama-nvfp4", "weight_scale", "F8_E4M3", [255, 8]),
        ("llama-nvfp4", "weight_global_scale", "F32", [256]),
        ("llama-nvfp4", "input_global_scale", "F32", [2]),
        ("llama-mxfp4", "weight_scale", "U8", [256, 8]),
        ("llama-mxfp8", "weight_scale", "U8", [256, 1]),
        ("llama-fp8-dynamic", "weight_scale", "BF16", [256]),
        ("llama-fp8-dynamic", "weight_scale", "BF16", [128, 1]),
        ("llama-fp8-static", "input_scale", "BF16", [128]),
        ("llama-w4a16", "weight_shape", "I64", [3]),
        ("llama-w4a16-asym", "weight_zero_point", "I32", [256, 1]),
    ],
)
def test_fires_on_another_shape_of_the_same_dtype(
    name: str, role: str, dtype: str, shape: list[int], draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).retype(f"{UP}.{role}", dtype, shape)
    assert findings("T107", broken) == [f"error {UP}.{role}"]
    assert [findings(code, broken) for code in ("C107", "T105", "T106")] == [[]] * 3


def test_fires_on_a_flat_weight(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(f"{UP}.weight_packed", "U8", [256 * 64])
    assert findings("T107", broken) == [f"error {UP}.weight_packed"]


def test_silent_on_a_weight_that_does_not_fit_the_config(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").retype(f"{UP}.weight_packed", "U8", [512, 64])
    assert findings("T107", broken) == []
    assert findings("C107", broken) == [f"error {UP}"]


def test_fires_on_it_where_the_architecture_is_unknown(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("model_type", "novel")
    broken.retype(f"{UP}.weight_packed", "U8", [512, 64])
    assert findings("T107", broken) == [f"error {UP}.weight_scale"]


@pytest.mark.parametrize("role", ["weight_scale", "input_scale"])
def test_silent_on_a_scalar_without_dimensions(role: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T107", draft("llama-fp8-static").retype(f"{UP}.{role}", "BF16", [])) == []


def test_silent_on_blocks_that_end_early(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-block").config("model_type", "novel")
    kept.retype(f"{UP}.weight", "F8_E4M3", [144, 128])
    assert findings("T107", kept.retype(f"{UP}.weight_scale", "BF16", [2, 1])) == []


KEYS = "model.layers.1.self_attn.k_scale"


def test_fires_on_a_cache_scale_for_each_token(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3-fp8-kv").retype(KEYS, "BF16", [64])
    assert findings("T107", broken) == [f"error {KEYS}"]


@pytest.mark.parametrize(("heads", "found"), [(2, []), (3, [f"error {KEYS}"])])
def test_silent_on_a_cache_scale_for_each_head(
    heads: int, found: list[str], draft: Drafts, findings: Judge
) -> None:
    kept = draft("qwen3-kv-only").retype(KEYS, "F32", [heads, 1, 1])
    for name in kept.tensors():
        if name != KEYS and name.endswith(("k_scale", "v_scale")):
            kept.retype(name, "F32", [2, 1, 1])
    kept.config("quantization_config.kv_cache_scheme.strategy", "attn_head")
    assert findings("T107", kept) == found
