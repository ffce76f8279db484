import pytest

from tests.checks.values.floats import f32
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.down_proj"
SCALE, INPUT = f"{MODULE}.weight_global_scale", f"{MODULE}.input_global_scale"
FILE = "model.safetensors"


@pytest.mark.parametrize("value", [0.0, -28_544.0, float("nan"), float("inf")])
def test_fires_on_what_is_no_divisor(value: float, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(SCALE, f32(value))
    assert findings("V107", broken) == [f"error {FILE}: {SCALE}"]


def test_fires_on_the_inverse_that_modelopt_stores(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-nvfp4a16").patch(SCALE, f32(1 / 32_768))
    assert messages("V107", broken) == ["is 3.052e-05, as if inverted"]


def test_fires_on_an_inverted_input_scale(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(INPUT, f32(1 / 4096))
    assert findings("V107", broken) == [f"error {FILE}: {INPUT}"]


def test_fires_on_an_expert_500_times_off(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.1.mlp.experts.3.down_proj.weight_global_scale"
    broken = draft("qwen3_moe-nvfp4").patch(name, f32(60.0))
    assert findings("V107", broken) == [f"warning {FILE}: {name}"]


def test_silent_on_activations_that_reach_tens_of_thousands(draft: Drafts, findings: Judge) -> None:
    # 448 x 6 / 32,000: massive activations are real.
    assert findings("V107", draft("llama-nvfp4").patch(INPUT, f32(0.084))) == []


def test_silent_on_the_placeholder_that_v108_reports(draft: Drafts, findings: Judge) -> None:
    assert findings("V107", draft("llama-nvfp4").patch(SCALE, f32(1.0))) == []


def test_silent_on_a_squared_relu_of_outliers(draft: Drafts, findings: Judge) -> None:
    assert findings("V107", draft("llama-nvfp4").patch(INPUT, f32(0.005))) == []


def test_fires_on_0_005_where_a_norm_gives_less(draft: Drafts, findings: Judge) -> None:
    behind = "model.layers.1.self_attn.q_proj.input_global_scale"
    broken = draft("llama-nvfp4").patch(behind, f32(0.005))
    assert findings("V107", broken) == [f"error {FILE}: {behind}"]


def test_fires_on_0_005_where_most_are_inverted(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4")
    scales = [name for name in broken.tensors() if name.endswith("input_global_scale")]
    for name in scales:
        broken.patch(name, f32(0.005))
    assert len(findings("V107", broken)) == len(scales)
