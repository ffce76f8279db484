import pytest

from tests.conftest import Drafts, Judge

UP = "model.layers.0.mlp.up_proj"
OTHERS = ("T101", "T102", "T103", "T105", "T106", "T107", "C107")


@pytest.mark.parametrize(
    ("name", "beside", "role", "dtype"),
    [
        ("llama-nvfp4", "weight_packed", "weight", "BF16"),
        ("llama-w4a16", "weight_packed", "weight", "BF16"),
        ("llama-fp8-dynamic", "weight", "weight_packed", "U8"),
        ("llama-fp8-block", "weight_scale", "weight_scale_inv", "F32"),
    ],
)
def test_fires_on_the_name_that_the_scheme_does_not_have(
    name: str, beside: str, role: str, dtype: str, draft: Drafts, findings: Judge
) -> None:
    shape = [2, 1] if "scale" in role else [256, 128]
    broken = draft(name).add(f"{UP}.{role}", dtype, shape, beside=f"{UP}.{beside}")
    assert findings("T108", broken) == [f"error {UP}.{role}"]
    assert [code for code in OTHERS if findings(code, broken)] == []


def test_silent_on_a_bias_beside_a_packed_weight(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").add(f"{UP}.bias", "BF16", [256], beside=f"{UP}.weight_packed")
    assert findings("T108", kept) == []


def test_silent_where_no_group_claims_the_module(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").add(f"{UP}.weight", "BF16", [256, 128], beside="lm_head.weight")
    kept.config("quantization_config.config_groups.group_0.targets", [r"re:.*\.down_proj$"])
    assert findings("T108", kept) == []  # T104 says it
