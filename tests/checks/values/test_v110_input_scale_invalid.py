import pytest

from tests.checks.values.floats import bf16, f32
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.down_proj"
FILE = "model.safetensors"
BROKEN = [0.0, -1.0, float("nan"), float("inf")]


@pytest.mark.parametrize("value", BROKEN)
def test_fires_on_fp8(value: float, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-static").patch(f"{MODULE}.input_scale", bf16(value))
    assert findings("V110", broken) == [f"error {FILE}: {MODULE}.input_scale"]


@pytest.mark.parametrize("value", BROKEN)
def test_fires_on_nvfp4(value: float, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(f"{MODULE}.input_global_scale", f32(value))
    assert findings("V110", broken) == [f"error {FILE}: {MODULE}.input_global_scale"]


def test_fires_on_one_expert(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.0.mlp.experts.1.up_proj.input_global_scale"
    broken = draft("qwen3_moe-nvfp4").patch(name, f32(0.0))
    assert findings("V110", broken) == [f"error {FILE}: {name}"]


def test_silent_on_small_scales(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-static").patch(f"{MODULE}.input_scale", bf16(2.0**-14))
    assert findings("V110", kept) == []


def test_fires_on_what_an_observer_starts_with(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.1.mlp.down_proj.input_scale"
    broken = draft("llama-fp8-static").patch(name, b"\x7f\x7f")  # the largest of BF16
    assert findings("V110", broken) == [f"error model.safetensors: {name}"]
