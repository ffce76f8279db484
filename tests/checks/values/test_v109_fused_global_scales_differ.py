import struct

from tests.checks.values.floats import f32
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

LAYER = "model.layers.1"


def value(raw: bytes) -> float:
    return float(struct.unpack("<f", raw)[0])


def test_fires_on_gate_and_up(draft: Drafts, messages: Judge) -> None:
    name = f"{LAYER}.mlp.up_proj.weight_global_scale"
    broken = draft("llama-nvfp4")
    shared = value(broken.bytes_of(name))
    broken.patch(name, f32(shared / 2))
    (message,) = messages("V109", broken)
    assert message.endswith(f"vLLM takes {shared:g}, and serves up_proj times 0.500")


def test_fires_on_q_k_v_once(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4a16")
    for part, scale in (("q", 20_000.0), ("k", 30_000.0), ("v", 40_000.0)):
        broken.patch(f"{LAYER}.self_attn.{part}_proj.weight_global_scale", f32(scale))
    assert findings("V109", broken) == [f"error {LAYER}.self_attn.qkv_proj"]


def test_fires_on_one_expert_and_takes_the_first(draft: Drafts, messages: Judge) -> None:
    gate = f"{LAYER}.mlp.experts.2.gate_proj.weight_global_scale"
    broken = draft("qwen3_moe-nvfp4")
    shared = value(broken.bytes_of(gate))
    broken.patch(gate, f32(shared / 4))
    (message,) = messages("V109", broken)
    assert message.endswith(f"vLLM takes {shared / 4:g}, and serves up_proj times 4.000")


def test_fires_as_a_warning_on_a_slight_difference(draft: Drafts, findings: Judge) -> None:
    name = f"{LAYER}.mlp.up_proj.weight_global_scale"
    broken = draft("llama-nvfp4")
    broken.patch(name, f32(value(broken.bytes_of(name)) * 1.01))
    assert findings("V109", broken) == [f"warning {LAYER}.mlp.gate_up_proj"]


def test_fires_as_info_on_what_is_not_calibrated_together(mixed: Draft, findings: Judge) -> None:
    layer = "model.language_model.layers.0.linear_attn"
    for part, scale in (("in_proj_qkv", 30_000.0), ("in_proj_z", 20_000.0)):
        name = f"{layer}.{part}.weight_global_scale"
        mixed.add(name, "F32", [1], beside=f"{layer}.{part}.weight").store(name, f32(scale))
    assert findings("V109", mixed) == [f"info {layer}.in_proj_qkvz"]


def test_silent_on_experts_that_differ_from_each_other(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3_moe-nvfp4")
    for part in ("gate", "up"):
        name = f"{LAYER}.mlp.experts.2.{part}_proj.weight_global_scale"
        kept.patch(name, f32(30_000.0))
    assert findings("V109", kept) == []


def test_silent_on_modules_that_are_not_fused(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4")
    kept.patch(f"{LAYER}.mlp.down_proj.weight_global_scale", f32(30_000.0))
    kept.patch(f"{LAYER}.self_attn.o_proj.weight_global_scale", f32(30_000.0))
    assert findings("V109", kept) == []


def test_silent_on_one_that_v107_reports(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").patch(f"{LAYER}.mlp.up_proj.weight_global_scale", f32(0.0))
    assert findings("V109", kept) == []
