import struct

import pytest

from tests.checks.values.floats import bf16, f32
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

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


@pytest.mark.parametrize(
    ("name", "role", "value"),
    [
        ("llama-fp8-static", "input_scale", bf16(1.0)),
        ("llama-w8a8-static-asym", "input_scale", bf16(0.5)),
        ("llama-nvfp4", "input_global_scale", f32(100.0)),
    ],
)
def test_fires_once_where_nothing_was_calibrated(
    name: str, role: str, value: bytes, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    for tensor in broken.tensors():
        if tensor.endswith(f".{role}"):
            broken.patch(tensor, value)
    assert findings("V111", broken) == [
        f"warning {FILE}: model.layers.0.mlp.down_proj.{role}",
    ]


@pytest.mark.parametrize("factor", [1 / 448, 448.0])
@pytest.mark.parametrize(
    ("name", "role"), [("llama-fp8-static", "input_scale"), ("llama-nvfp4", "input_global_scale")]
)
def test_fires_on_ranges_that_the_norm_cannot_give(
    name: str, role: str, factor: float, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name)
    for part in ("q", "k", "v"):
        scaled(broken, f"{LAYER}.self_attn.{part}_proj.{role}", factor)
    scaled(broken, f"{LAYER}.self_attn.o_proj.{role}", factor)  # what feeds it is no norm
    assert findings("V111", broken) == [f"warning {FILE}: {LAYER}.self_attn.k_proj.{role}"]


def test_silent_where_no_norm_is_before_the_block(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-static")
    after = f"{LAYER}.post_feedforward_layernorm.weight"
    kept.rename(f"{LAYER}.input_layernorm.weight", after)  # OLMo 2's names
    for part in ("self_attn.q", "self_attn.k", "self_attn.v", "mlp.gate", "mlp.up"):
        scaled(kept, f"{LAYER}.{part}_proj.input_scale", 448)
    assert findings("V111", kept) == []


def scaled(draft: Draft, tensor: str, factor: float) -> None:
    words = draft.bytes_of(tensor)
    wide = len(words) == len(f32(1.0))
    (value,) = struct.unpack("<f", words if wide else b"\0\0" + words)
    draft.patch(tensor, f32(value * factor) if wide else bf16(value * factor))
