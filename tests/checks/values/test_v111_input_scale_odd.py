from tests.checks.values.floats import bf16, f32
from tests.conftest import Drafts, Judge

LAYER = "model.layers.1"
FILE = "model.safetensors"


def test_fires_on_siblings_that_read_the_same_input(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-static").patch(f"{LAYER}.self_attn.k_proj.input_scale", bf16(0.25))
    assert findings("V111", broken) == [f"warning {LAYER}.self_attn.qkv_proj"]


def test_fires_on_gate_and_up_of_an_expert(draft: Drafts, findings: Judge) -> None:
    name = f"{LAYER}.mlp.experts.2.up_proj.input_global_scale"
    broken = draft("qwen3_moe-nvfp4").patch(name, f32(5.0))
    assert findings("V111", broken) == [f"warning {LAYER}.mlp.experts.2.w13"]


def test_silent_on_modules_with_inputs_of_their_own(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-static").patch(f"{LAYER}.mlp.down_proj.input_scale", bf16(0.5))
    assert findings("V111", kept) == []


def test_silent_on_experts_that_no_token_reached(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3_moe-nvfp4")
    for part in ("gate", "up"):
        kept.patch(f"{LAYER}.mlp.experts.2.{part}_proj.input_global_scale", f32(1.0))
    assert findings("V111", kept) == []


def test_silent_on_two_layers_that_agree(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-static")
    for layer in range(2):
        kept.patch(f"model.layers.{layer}.mlp.down_proj.input_scale", bf16(0.5))
    assert findings("V111", kept) == []
