"""What vLLM merges, family by family: packed_modules_mapping of vLLM 0.32.0, written down as data.

Where a class changes the mapping in its constructor (DeepSeek, Qwen-MoE), the config decides here.
Qwen2-VL's class has none, but builds Qwen2's, which has. OLMo 2 and 3, Seed-OSS and SmolLM3 run on
the Transformers backend, whose fusers use the usual names.
"""

import pytest

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.architecture.family import Fusions
from tests.architecture.configs import CONFIGS

QKV: Fusions = {"qkv_proj": ("q_proj", "k_proj", "v_proj")}
GATE_UP: Fusions = {"gate_up_proj": ("gate_proj", "up_proj")}
LOW_RANK: Fusions = {"fused_qkv_a_proj": ("q_a_proj", "kv_a_proj_with_mqa")}
DELTA: Fusions = {
    "in_proj_qkvz": ("in_proj_qkv", "in_proj_z"),
    "in_proj_ba": ("in_proj_b", "in_proj_a"),
}
MERGED_DELTA: Fusions = {"in_proj_qkvz": ("in_proj_qkvz",), "in_proj_ba": ("in_proj_ba",)}
TOWER: Fusions = {"qkv": ("qkv",)}
USUAL = QKV | GATE_UP

FUSIONS: dict[str, Fusions] = {
    "qwen2_moe-plain": USUAL,
    "qwen2_moe": USUAL,
    "qwen3_moe": QKV,
    "qwen3_moe-mixed": USUAL,
    "qwen3_next": USUAL | MERGED_DELTA,
    "qwen3_next-interval": USUAL | MERGED_DELTA,
    "qwen3_5_text": USUAL | DELTA,
    "qwen3_5_text-interval": USUAL | DELTA,
    "qwen3_5_moe_text": USUAL | DELTA,
    "qwen3_5": USUAL | DELTA | TOWER,
    "qwen3_5-tied": USUAL | DELTA | TOWER,
    "qwen3_5_moe": USUAL | DELTA | TOWER,
    "qwen3_vl": USUAL | TOWER,
    "qwen3_vl_moe": QKV,
    "qwen2_5_vl": USUAL | TOWER,
    "phi3": {"qkv_proj": ("qkv_proj",), "gate_up_proj": ("gate_up_proj",)},
    "mixtral": QKV,
    "minimax_m2": QKV,
    "phimoe": QKV,
    "olmoe": QKV,
    "deepseek_v2": GATE_UP | LOW_RANK,
    "deepseek_v2-lite": GATE_UP,
    "deepseek_v3": GATE_UP | LOW_RANK,
    "deepseek_v3-bias": GATE_UP | LOW_RANK,
    "glm4_moe_lite": GATE_UP | LOW_RANK,
    "gpt_oss": QKV,
    "granitemoe": QKV,
    "granitemoehybrid": QKV
    | {"conv1d": ("conv1d",), "in_proj": ("in_proj",), "input_linear": ("input_linear",)},
    "granitemoehybrid-dense": QKV
    | {"conv1d": ("conv1d",), "in_proj": ("in_proj",), "input_linear": ("input_linear",)},
    "apertus": QKV,
    "arcee": QKV,
    "deepseek_v32": GATE_UP | LOW_RANK,
    "glm_moe_dsa": GATE_UP | LOW_RANK,
    "nemotron": QKV,
    "nemotron_h": QKV,
    "nemotron_h-latent": QKV,
}


@pytest.mark.parametrize("name", CONFIGS)
def test_fusions_are_those_of_vllm(name: str) -> None:
    architecture = derive_architecture(ModelConfig(CONFIGS[name]))
    assert isinstance(architecture, Architecture)
    assert architecture.fused == FUSIONS.get(name, USUAL)


def test_kimi_k2_is_deepseek_v3() -> None:
    kimi = derive_architecture(ModelConfig(CONFIGS["deepseek_v3"] | {"model_type": "kimi_k2"}))
    assert kimi == derive_architecture(ModelConfig(CONFIGS["deepseek_v3"]))
    assert FAMILIES["kimi_k2"] == FAMILIES["deepseek_v3"]
