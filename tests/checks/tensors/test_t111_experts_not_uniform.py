import pytest

from tests.conftest import Drafts, Judge

GROUPS = "quantization_config.config_groups"
IGNORE = "quantization_config.ignore"
BLOCK = "model.layers.1.mlp.experts"
ROUTERS = [f"model.layers.{i}.mlp.gate" for i in range(2)] + ["lm_head"]


@pytest.mark.parametrize("expert", [0, 5])
def test_fires_on_an_expert_that_is_ignored(expert: int, draft: Drafts, findings: Judge) -> None:
    entry = rf"re:{BLOCK}\.{expert}\."
    broken = draft("qwen3_moe-nvfp4").config(IGNORE, [*ROUTERS, entry])
    assert findings("T111", broken) == [], "it is Q104's while it is stored quantized"
    for name in ("gate", "up", "down"):
        broken.unquantize(f"{BLOCK}.{expert}.{name}_proj")
    assert findings("T111", broken) == [f"error {BLOCK}"]


def test_fires_on_a_projection_in_another_scheme(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_moe-fp8")
    group = broken.read()["quantization_config"]["config_groups"]["group_0"]
    other = {**group, "targets": [r"re:.*experts\.\d+\.down_proj$"], "input_activations": None}
    assert len(findings("T111", broken.config(f"{GROUPS}.group_1", other))) == 2


def test_fires_on_numbers_with_a_gap_where_the_architecture_is_unknown(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3_moe-fp8").config("model_type", "novel")
    for name in broken.tensors():
        if name.startswith(f"{BLOCK}.2."):
            broken.rename(name, name.replace(".2.", ".02."))
    assert findings("T111", broken) == [f"error {BLOCK}"]


def test_fires_on_an_expert_of_another_size_where_it_is_unknown(
    draft: Drafts, findings: Judge
) -> None:
    name = f"{BLOCK}.3.up_proj"
    broken = draft("qwen3_moe-fp8").config("model_type", "novel")
    broken.retype(f"{name}.weight", "F8_E4M3", [32, 128])
    assert findings("T111", broken) == [f"error {name}"]


def test_silent_on_layers_that_differ(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3_moe-fp8").config(IGNORE, [*ROUTERS, r"re:model\.layers\.0\."])
    assert findings("T111", kept) == []


@pytest.mark.parametrize("name", ["qwen3_moe-fp8", "qwen3_moe-nvfp4"])
def test_silent_on_good_blocks_of_an_unknown_architecture(
    name: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("T111", draft(name).config("model_type", "novel")) == []


def test_silent_on_a_rotation_below_one_expert(draft: Drafts, findings: Judge) -> None:
    # Equal rotations share their memory, of which safetensors stores the first only.
    expert = "model.layers.0.mlp.experts.0.down_proj"
    place = {"targets": ["re:.*down_proj$"], "location": "input"}
    kept = draft("qwen3_moe-nvfp4").config(
        "quantization_config.transform_config",
        {"config_groups": {"R4": {"type": "hadamard", "apply": [place]}}},
    )
    kept.add(f"{expert}.R4_input.weight", "F64", [64, 64], beside=f"{expert}.weight_scale")
    assert findings("T111", kept) == []
