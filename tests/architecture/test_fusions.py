"""What vLLM merges and how it renames, family by family, held to the pinned vLLM's own classes.

Where a class changes its packed_modules_mapping in its constructor (DeepSeek, Qwen-MoE), the config
decides: the written table has both. Qwen2-VL's class has none, but builds Qwen2's, which has; Arcee
and Hunyuan build Llama's layers. OLMo 2 and 3, Seed-OSS and SmolLM3 run on the Transformers
backend, whose fusers use the usual names.
"""

import json
from typing import Any

import pytest

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.architecture.family import Fusions
from release.architecture.skeleton import EMBEDDING, LINEAR
from tests.architecture.configs import CONFIGS
from tests.conftest import ROOT, Run

QKV: Fusions = {"qkv_proj": ("q_proj", "k_proj", "v_proj")}
GATE_UP: Fusions = {"gate_up_proj": ("gate_proj", "up_proj")}
LOW_RANK: Fusions = {"fused_qkv_a_proj": ("q_a_proj", "kv_a_proj_with_mqa")}
DELTA: Fusions = {
    "in_proj_qkvz": ("in_proj_qkv", "in_proj_z"),
    "in_proj_ba": ("in_proj_b", "in_proj_a"),
}
MERGED_DELTA: Fusions = {"in_proj_qkvz": ("in_proj_qkvz",), "in_proj_ba": ("in_proj_ba",)}
KIMI: Fusions = {
    "in_proj_qkvgfab": ("q_proj", "k_proj", "v_proj", "b_proj", "f_a_proj"),
    "conv1d": ("q_conv1d", "k_conv1d", "v_conv1d"),
}
TOWER: Fusions = {"qkv": ("qkv",)}
USUAL = QKV | GATE_UP
SHORT_CONV = QKV | {"w13": ("w1", "w3"), "in_proj": ("in_proj",)}

FUSIONS: dict[str, Fusions] = {
    "qwen3_next": USUAL | MERGED_DELTA,
    "qwen3_next-interval": USUAL | MERGED_DELTA,
    "qwen3_5_text": USUAL | DELTA,
    "qwen3_5_text-interval": USUAL | DELTA,
    "qwen3_5_moe_text": USUAL | DELTA,
    "qwen3_5": USUAL | DELTA | TOWER,
    "qwen3_5-tied": USUAL | DELTA | TOWER,
    "qwen3_5_moe": USUAL | DELTA | TOWER,
    "qwen3_vl": USUAL | TOWER,
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
    "lfm2": SHORT_CONV,
    "lfm2-older": SHORT_CONV,
    "lfm2_moe": SHORT_CONV,
    "jamba": USUAL | {"in_proj": ("in_proj",)},
    "jamba-dense": USUAL | {"in_proj": ("in_proj",)},
    "apertus": QKV,
    "arcee": QKV,
    "deepseek_v32": GATE_UP | LOW_RANK,
    "glm_moe_dsa": GATE_UP | LOW_RANK,
    "kimi_linear": GATE_UP | KIMI,
    "kimi_linear-interval": GATE_UP | LOW_RANK | KIMI,
    **{key: {} for key in ("mamba", "mamba-odd", "mamba2", "falcon_mamba")},
    "nemotron": QKV,
    "nemotron_h": QKV,
    "nemotron_h-latent": QKV,
    "whisper": QKV | {"kv_proj": ("k_proj", "v_proj")},
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


# What a constructor adds to its class's mapping, or the layers of another class that it builds.
ADDED: dict[str, Fusions] = {
    "ArceeForCausalLM": QKV,
    "DeepseekV2ForCausalLM": LOW_RANK,
    "DeepseekV3ForCausalLM": LOW_RANK,
    "DeepseekV32ForCausalLM": LOW_RANK,
    "GlmMoeDsaForCausalLM": LOW_RANK,
    "Glm4MoeLiteForCausalLM": LOW_RANK,
    "HunYuanDenseV1ForCausalLM": USUAL,
    "Qwen2MoeForCausalLM": GATE_UP,
    "Qwen2VLForConditionalGeneration": USUAL,
    "Qwen3MoeForCausalLM": GATE_UP,
    "Qwen3VLMoeForConditionalGeneration": GATE_UP,
}


def names(architecture: Architecture) -> list[str]:
    """Modules that vLLM builds a layer of its own for; experts go through another mapping."""
    return [
        name
        for name, module in architecture.modules.items()
        if module.kind in {LINEAR, EMBEDDING} and ".experts." not in name
    ]


@pytest.fixture(scope="module")
def classes(vllm: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """vLLM's classes for all our configs, asked at once: importing them takes ten seconds."""
    asked: dict[str, list[str]] = {}
    for config in CONFIGS.values():
        architecture = derive_architecture(ModelConfig(config))
        assert isinstance(architecture, Architecture)
        known = asked.setdefault(config["architectures"][0], [])
        known += [name for name in names(architecture) if name not in known]
    question = tmp_path_factory.mktemp("mappings") / "question.json"
    question.write_text(json.dumps(asked))
    result = vllm(ROOT / "tests" / "vllm" / "mappings.py", question)
    line = next((line for line in result.stdout.splitlines() if line.startswith("ANSWERS")), None)
    assert line is not None, result.stderr[-3000:]
    answers = json.loads(line.removeprefix("ANSWERS"))
    for name, answer in answers.items():
        if answer is not None:
            answer["names"] = dict(zip(asked[name], answer["names"], strict=True))
    return dict(answers)


@pytest.mark.vllm
@pytest.mark.parametrize("name", CONFIGS)
def test_fusions_and_names_are_those_of_the_class(name: str, classes: dict[str, Any]) -> None:
    architecture = derive_architecture(ModelConfig(CONFIGS[name]))
    assert isinstance(architecture, Architecture)
    theirs, served = classes[CONFIGS[name]["architectures"][0]], architecture.served
    if theirs is None or served is None:
        assert served is None
        return
    if theirs["class"].startswith("Transformers"):
        return  # it builds the modules of transformers; the models that vLLM builds hold them
    packed = {fused: tuple(parts) for fused, parts in theirs["packed"].items()}
    added = ADDED.get(CONFIGS[name]["architectures"][0], {})
    assert packed.items() <= architecture.fused.items()
    assert architecture.fused.items() <= (packed | added).items()
    renamed = {name: theirs["names"][name] for name in names(architecture)}
    assert {name: served.entry(name) for name in renamed} == renamed
