import pytest

from tests.conftest import Drafts, Judge

UP = "model.layers.0.mlp.up_proj"


@pytest.mark.parametrize(
    ("name", "role", "dtype"),
    [
        ("llama-nvfp4", "weight_scale", "BF16"),
        ("llama-nvfp4", "weight_scale", "U8"),
        ("llama-nvfp4", "weight_packed", "I8"),
        ("llama-nvfp4", "weight_global_scale", "F8_E4M3"),
        ("llama-mxfp4", "weight_scale", "F8_E8M0"),
        ("llama-mxfp8", "weight_scale", "BF16"),
        ("llama-fp8-dynamic", "weight", "F8_E5M2"),
        ("llama-fp8-dynamic", "weight", "BF16"),
        ("llama-fp8-block", "weight_scale", "F8_E8M0"),
        ("llama-w8a8-int8", "weight", "U8"),
        ("llama-w4a16", "weight_packed", "U32"),
        ("llama-w4a16", "weight_shape", "F32"),
        ("llama-w4a16-asym", "weight_zero_point", "I8"),
    ],
)
def test_fires_on_another_dtype_of_the_same_shape(
    name: str, role: str, dtype: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    shape = broken.shape(f"{UP}.{role}")
    broken.retype(f"{UP}.{role}", dtype, shape)
    assert findings("T106", broken) == [f"error {UP}.{role}"]
    assert [findings(code, broken) for code in ("T101", "T103", "T105", "T107")] == [[]] * 4


def test_fires_as_a_warning_on_a_narrow_global_scale(draft: Drafts, findings: Judge) -> None:
    name = f"{UP}.input_global_scale"
    broken = draft("llama-nvfp4").retype(name, "BF16", [1])
    assert findings("T106", broken) == [f"warning {name}"]


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w4a16", "llama-w8a8-int8"])
def test_silent_on_float_scales_of_any_width(name: str, draft: Drafts, findings: Judge) -> None:
    wide, other = draft(name), draft(name)
    wide.retype(f"{UP}.weight_scale", "F32", wide.shape(f"{UP}.weight_scale"))
    assert findings("T106", wide) == []
    for scale in [tensor for tensor in other.tensors() if tensor.endswith(".weight_scale")]:
        other.retype(scale, "F16", other.shape(scale))
    assert findings("T106", other) == []


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-w4a16", "llama-w8a8-int8"])
def test_fires_as_a_warning_on_one_scale_of_the_other_16_bits(
    name: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    broken.retype(f"{UP}.weight_scale", "F16", broken.shape(f"{UP}.weight_scale"))
    assert findings("T106", broken) == [f"warning {UP}.weight_scale"]


def test_silent_on_a_short_weight_shape(draft: Drafts, findings: Judge) -> None:
    assert findings("T106", draft("llama-w4a16").retype(f"{UP}.weight_shape", "I32", [2])) == []


def test_fires_on_a_cache_scale_in_eight_bits(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.self_attn.v_scale"
    broken = draft("qwen3-fp8-kv").retype(name, "F8_E4M3", [1])
    assert findings("T106", broken) == [f"error {name}"]
