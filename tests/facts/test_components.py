import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.facts.components import OTHER, component_of
from tests.architecture.configs import CONFIGS

NAMES = {
    "model.embed_tokens": "Embeddings",
    "backbone.embeddings": "Embeddings",
    "lm_head": "lm_head",
    "language_model.lm_head": "lm_head",
    "model.norm": "Norms",
    "backbone.norm_f": "Norms",
    "model.layers.0.input_layernorm": "Norms",
    "model.layers.0.self_attn.q_proj": "Softmax attention",
    "model.layers.0.self_attn.q_norm": "Softmax attention",
    "model.layers.0.self_attn": "Softmax attention",
    "model.layers.0.linear_attn.in_proj_qkv": "Linear attention",
    "model.layers.0.mamba.in_proj": "Linear attention",
    "model.layers.0.conv.in_proj": "Short convolution",
    "backbone.layers.0.mixer.in_proj": "Linear attention",
    "backbone.layers.0.mixer": "Linear attention",
    "backbone.layers.0.mixer.norm": "Linear attention",
    "backbone.layers.0.mixer.q_proj": "Softmax attention",
    "backbone.layers.0.mixer.up_proj": "MLP",
    "backbone.layers.0.mixer.gate": "MoE router",
    "backbone.layers.0.mixer.experts.7.up_proj": "MoE experts",
    "backbone.layers.0.mixer.shared_experts.up_proj": "MoE experts",
    "model.layers.0.mlp.gate_proj": "MLP",
    "model.layers.0.shared_mlp.input_linear": "MLP",
    "model.layers.0.feed_forward.w1": "MLP",
    "model.layers.0.mlp.gate": "MoE router",
    "model.layers.0.mlp.shared_expert_gate": "MoE router",
    "model.layers.0.block_sparse_moe": "MoE router",
    "model.layers.0.block_sparse_moe.experts.0.w1": "MoE experts",
    "model.layers.0.mlp.experts": "MoE experts",
    "model.layers.0.mlp.shared_experts.up_proj": "MoE experts",
    "mtp.layers.0.self_attn.q_proj": "MTP head",
    "model.visual.blocks.0.mlp.linear_fc1": "Vision tower",
    "vision_tower.vision_model.embeddings.patch_embedding": "Vision tower",
    "vision_model.model.layers.0.self_attn.q_proj": "Vision tower",
    "multi_modal_projector.linear_1": "Multimodal projector",
    "somewhere.else": "Other",
    "": "Other",
}


@pytest.mark.parametrize(("name", "component"), NAMES.items())
def test_the_component_of_a_name(name: str, component: str) -> None:
    assert component_of(name) == component


@pytest.mark.parametrize("name", CONFIGS)
def test_no_module_of_a_known_family_is_other(name: str) -> None:
    architecture = derive_architecture(ModelConfig(CONFIGS[name]))
    assert isinstance(architecture, Architecture)
    other = {module for module in architecture.modules if component_of(module) == OTHER}
    layers = {f"{architecture.stack}.{index}" for index in range(architecture.layers)}
    assert other <= layers  # Gemma 4 scales the output of whole layers
