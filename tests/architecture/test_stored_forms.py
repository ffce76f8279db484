"""One config, several stored forms: the stored names choose, never what must be there."""

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.architecture.skeleton import Shape
from tests.architecture.configs import CONFIGS


def derive(name: str, *stored: str) -> Architecture:
    architecture = derive_architecture(ModelConfig(CONFIGS[name]), frozenset(stored))
    assert isinstance(architecture, Architecture), architecture
    return architecture


def block(architecture: Architecture, name: str) -> dict[str, dict[str, Shape]]:
    return {
        module.removeprefix(name): expected.tensors
        for module, expected in architecture.modules.items()
        if module.startswith(name)
    }


def test_without_names_experts_are_those_of_llm_compressor() -> None:
    experts = block(derive("mixtral"), "model.layers.0.block_sparse_moe.experts")
    assert len(experts) == 9
    assert experts[".2.gate_proj"] == {"weight": (48, 32)}
    assert experts[".2.down_proj"] == {"weight": (32, 48)}


@pytest.mark.parametrize("expert", [0, 2])
def test_experts_in_mixtrals_own_words(expert: int) -> None:
    name = "model.layers.0.block_sparse_moe.experts"
    experts = block(derive("mixtral", f"{name}.{expert}.w1"), name)
    assert {module.rpartition(".")[2] for module in experts} == {"w1", "w2", "w3"}
    assert experts[".0.w2"] == {"weight": (32, 48)}


def test_each_block_chooses_for_itself() -> None:
    architecture = derive("qwen3_5_moe", "model.language_model.layers.0.mlp.experts")
    first = block(architecture, "model.language_model.layers.0.mlp.experts")
    second = block(architecture, "model.language_model.layers.1.mlp.experts")
    assert first == {"": {"gate_up_proj": (3, 48, 32), "down_proj": (3, 32, 24)}}
    assert len(second) == 9


def test_fused_experts_lie_as_their_class_has_them() -> None:
    name = "model.layers.0.mlp.experts"
    fused = block(derive("gpt_oss", name), name)[""]
    assert fused["gate_up_proj"] == (3, 32, 96)
    assert fused["down_proj_bias"] == (3, 32)
    either = "model.language_model.layers.0.mlp.experts"
    assert block(derive("qwen3_vl_moe", either), either) == {"": {}}


def test_fused_experts_under_names_of_their_own() -> None:
    name = "model.layers.0.block_sparse_moe"
    experts = block(derive("granitemoe", f"{name}.input_linear"), f"{name}.")
    assert set(experts) == {"router.layer", "input_linear", "output_linear"}


@pytest.mark.parametrize(
    ("name", "stored", "stack"),
    [
        ("gemma3", "language_model.model.norm", "language_model.model.layers"),
        ("gemma3", "model.language_model.norm", "model.language_model.layers"),
        ("mistral3", "language_model.model.norm", "language_model.model.layers"),
        ("qwen2_5_vl", "model.layers.0.input_layernorm", "model.layers"),
        ("qwen2_5_vl", "something.else", "model.language_model.layers"),
        ("nemotron_h", "model.layers.0.norm", "model.layers"),
        ("nemotron_h", "backbone.layers.0.norm", "backbone.layers"),
        ("llama", "language_model.model.norm", "model.layers"),
    ],
)
def test_the_stack_is_where_it_is_stored(name: str, stored: str, stack: str) -> None:
    architecture = derive(name, stored)
    assert architecture.stack == stack
    assert any(module.startswith(f"{stack}.0.") for module in architecture.modules)


def test_a_tower_may_have_one_more_level() -> None:
    name = "vision_tower.vision_model.embeddings.patch_embedding"
    assert name in derive("gemma3", name).modules
    assert name.replace("vision_model.", "") in derive("gemma3", "vision_tower.x").modules


def test_the_head_of_a_multimodal_model_has_two_places() -> None:
    assert "language_model.lm_head" in derive("mistral3", "language_model.lm_head").modules
    assert "lm_head" in derive("mistral3").modules


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("deepseek_v3", "model.layers.2.eh_proj"),
        ("glm4_moe", "model.layers.2.mlp.experts.0.up_proj"),
        ("qwen3_5", "mtp.layers.0.self_attn.q_proj"),
        ("qwen3_next", "mtp.fc"),
    ],
)
def test_the_mtp_head_is_optional(name: str, module: str) -> None:
    architecture = derive(name)
    assert architecture.optional(module)
    assert not any(architecture.optional(implied) for implied in architecture.modules)


def test_mtp_layers_are_counted() -> None:
    config = CONFIGS["deepseek_v3"] | {"num_nextn_predict_layers": 1}
    architecture = derive_architecture(ModelConfig(config))
    assert isinstance(architecture, Architecture)
    assert (architecture.mtp, architecture.mtp_layers) == ("model.layers.2.", 1)
