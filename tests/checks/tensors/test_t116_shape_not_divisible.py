import pytest

from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import Draft

NAME = "model.layers.0.self_attn.extra_proj"
ARGS = "quantization_config.config_groups.group_0.weights"


def serious(found: list[str]) -> list[str]:
    return [line for line in found if not line.startswith("info")]


def test_fires_on_columns_that_end_within_a_group(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config("model_type", "novel")
    for role, dtype, shape in (
        ("weight_packed", "U8", [64, 60]),
        ("weight_scale", "F8_E4M3", [64, 8]),
        ("weight_global_scale", "F32", [1]),
        ("input_global_scale", "F32", [1]),
    ):
        broken.add(f"{NAME}.{role}", dtype, shape, beside="lm_head.weight")
    assert serious(findings("T116", broken)) == [f"error {NAME}"]
    assert findings("T107", broken) == []


def test_fires_as_a_warning_on_blocks_within_a_fused_layer(draft: Drafts, findings: Judge) -> None:
    # Half of the key rows: as two key/value heads of 32 in a model of hidden size 128 would have.
    broken = draft("llama-fp8-block")
    key = "model.layers.0.self_attn.k_proj"
    broken.retype(f"{key}.weight", "F8_E4M3", [64, 128])
    assert serious(findings("T116", broken)) == [f"warning {key}"]


def test_fires_as_a_warning_on_zero_points_that_fill_no_word(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-w4a16-asym").config("model_type", "novel")
    for role, dtype, shape in (
        ("weight_packed", "I32", [100, 16]),
        ("weight_scale", "BF16", [100, 1]),
        ("weight_zero_point", "I32", [13, 1]),
        ("weight_shape", "I64", [2]),
    ):
        broken.add(f"{NAME}.{role}", dtype, shape, beside="lm_head.weight")
    assert serious(findings("T116", broken)) == [f"warning {NAME}"]


def test_fires_as_a_note_on_the_devices_that_cut_a_group(draft: Drafts, findings: Judge) -> None:
    # o_proj has 128 columns: one group of 128 that two devices would have to share.
    kept = draft("llama-w4a16")
    assert findings("T116", kept) == ["info model.layers.0.self_attn.o_proj"]
    assert "over 2 devices its 128 divide into parts of 64" in _message(kept)


@pytest.mark.parametrize("name", ["llama-fp8-dynamic", "llama-fp8-static", "llama-w8a8-int8"])
def test_silent_on_scales_for_whole_rows(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("T116", draft(name)) == []


def test_silent_on_the_last_part_of_a_fused_layer(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-block")
    kept.retype("model.layers.0.self_attn.v_proj.weight", "F8_E4M3", [64, 128])
    assert serious(findings("T116", kept)) == []


@pytest.mark.parametrize("name", ["llama-fp8-block", "llama-nvfp4", "qwen3_moe-nvfp4"])
def test_silent_on_what_divides(name: str, draft: Drafts, findings: Judge) -> None:
    assert serious(findings("T116", draft(name))) == []


def _message(draft: Draft) -> str:
    return judge_one("T116", draft.path)[0][0].message
