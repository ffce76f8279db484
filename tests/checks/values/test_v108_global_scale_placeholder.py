from tests.checks.values.floats import f32
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.down_proj"
SCALE, INPUT = f"{MODULE}.weight_global_scale", f"{MODULE}.input_global_scale"
FILE = "model.safetensors"


def test_fires_on_a_weight_that_was_not_calibrated(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(SCALE, f32(1.0))
    assert findings("V108", broken) == [f"warning {FILE}: {SCALE}"]


def test_fires_on_an_input_that_was_not_calibrated(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").patch(INPUT, f32(1.0))
    assert findings("V108", broken) == [f"warning {FILE}: {INPUT}"]


def test_fires_as_a_note_on_an_expert_that_no_token_reached(draft: Drafts, findings: Judge) -> None:
    name = "model.layers.1.mlp.experts.3.down_proj.input_global_scale"
    kept = draft("qwen3_moe-nvfp4").patch(name, f32(1.0))
    assert findings("V108", kept) == [f"info {FILE}: {name}"]


def test_fires_when_the_block_scales_use_half_their_range(draft: Drafts, messages: Judge) -> None:
    name = f"{MODULE}.weight_scale"
    broken = draft("llama-nvfp4")
    # FP8: eight codes lower is half the value.
    broken.patch(name, bytes(code - 16 for code in broken.bytes_of(name)))
    (message,) = messages("V108", broken)
    assert message in {
        f"the largest block scale is {n} of 448: it is too small" for n in (104, 112)
    }


def test_silent_on_a_weight_of_zeros(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").patch(f"{MODULE}.weight_packed", bytes(128 * 128))
    kept.patch(SCALE, f32(1.0))
    assert findings("V108", kept) == []


def test_silent_on_a_sibling_of_a_larger_one(draft: Drafts, findings: Judge) -> None:
    # k's weights are half of q's: its block scales are, for one global scale serves both.
    name = "model.layers.1.self_attn.k_proj.weight_scale"
    kept = draft("llama-nvfp4")
    kept.patch(name, bytes(code - 16 for code in kept.bytes_of(name)))
    assert findings("V108", kept) == []


def test_silent_on_a_global_scale_rounded_to_bf16(draft: Drafts, findings: Judge) -> None:
    name = f"{MODULE}.weight_scale"
    kept = draft("llama-nvfp4")
    # 384 (0x7C) is the largest block scale that is left then.
    kept.patch(name, bytes(min(code, 0x7C) for code in kept.bytes_of(name)))
    assert findings("V108", kept) == []
