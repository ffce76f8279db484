import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

LAYER = "model.layers.1"


@pytest.mark.parametrize(
    ("name", "tensor", "module"),
    [
        ("llama-nvfp4", f"{LAYER}.input_layernorm.weight", f"{LAYER}.input_layernorm"),
        ("llama-nvfp4", "model.norm.weight", "model.norm"),
        ("llama-nvfp4", "model.embed_tokens.weight", "model.embed_tokens"),
        ("qwen2-bias-int8", f"{LAYER}.self_attn.q_proj.bias", f"{LAYER}.self_attn.q_proj"),
        ("qwen3_moe-fp8", f"{LAYER}.mlp.gate.weight", f"{LAYER}.mlp.gate"),
        ("qwen3-fp8-kv", f"{LAYER}.self_attn.k_norm.weight", f"{LAYER}.self_attn.k_norm"),
    ],
)
def test_fires_on_a_tensor_that_is_gone(
    name: str, tensor: str, module: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).drop(tensor)
    assert findings("T117", broken) == [f"error {module}"]
    assert findings("T101", broken) == []


def test_fires_on_every_tensor_of_a_quantized_module(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4")
    name = f"{LAYER}.mlp.up_proj"
    for tensor in broken.tensors():
        if tensor.startswith(f"{name}."):
            broken.drop(tensor)
    assert findings("T117", broken) == [f"error {name}"]
    assert findings("T101", broken) == []


def test_fires_on_a_parameter_of_linear_attention(mixed: Draft, findings: Judge) -> None:
    name = "model.language_model.layers.0.linear_attn"
    assert findings("T117", mixed.drop(f"{name}.A_log")) == [f"error {name}"]


def test_fires_on_an_unknown_architecture_by_what_other_layers_have(
    mixed: Draft, findings: Judge
) -> None:
    # Layers 0 to 2 have linear attention and are alike; 3 has softmax attention.
    layer = "model.language_model.layers.1"
    broken = mixed.config("model_type", "novel").drop(f"{layer}.linear_attn.norm.weight")
    assert findings("T117", broken) == [f"warning {layer}"]


def test_silent_on_a_companion_that_is_gone(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").drop(f"{LAYER}.mlp.up_proj.weight_packed")
    assert findings("T117", kept) == []  # T101 says it


def test_silent_on_a_head_that_is_tied(draft: Drafts, findings: Judge) -> None:
    assert findings("T117", draft("qwen3-nvfp4-tied")) == []


@pytest.mark.parametrize(
    "name", ["demo", "qwen3_moe-nvfp4", "deepseek_v3-nvfp4", "nemotron_h-nvfp4", "qwen3_5-mtp"]
)
def test_silent_on_layers_of_several_kinds_where_it_is_unknown(
    name: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("T117", draft(name).config("model_type", "novel")) == []


def test_fires_on_a_parameter_and_names_it(draft: Drafts, messages: Judge) -> None:
    broken = draft("gpt_oss-mxfp4").drop("model.layers.0.self_attn.sinks")
    assert messages("T117", broken) == ["sinks is missing; config.json implies it"]
