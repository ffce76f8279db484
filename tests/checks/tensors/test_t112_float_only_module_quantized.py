import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

GROUP = "quantization_config.config_groups.group_0"
EMBED = "model.embed_tokens"
DELTA = "model.language_model.layers.0.linear_attn"


@pytest.mark.parametrize(
    ("tensor", "shape", "module"),
    [
        (f"{DELTA}.conv1d.weight", [512, 1, 4], f"{DELTA}.conv1d"),
        (f"{DELTA}.A_log", [4], DELTA),
        (f"{DELTA}.norm.weight", [64], f"{DELTA}.norm"),
    ],
)
def test_fires_on_parameters_of_eight_bits(
    tensor: str, shape: list[int], module: str, mixed: Draft, findings: Judge
) -> None:
    broken = mixed.retype(tensor, "F8_E4M3", shape)
    assert findings("T112", broken) == [f"error {module}"]
    assert findings("T104", broken) == []


@pytest.mark.parametrize(
    ("name", "tensor", "dtype", "shape"),
    [
        ("qwen2-bias-int8", "model.layers.0.self_attn.k_proj.bias", "I8", [64]),
        ("llama-nvfp4", "model.norm.weight", "I64", [128]),
        ("llama-nvfp4", "model.layers.1.input_layernorm.weight", "I8", [128]),
    ],
)
def test_fires_once_on_whole_numbers_where_floats_are(
    name: str, tensor: str, dtype: str, shape: list[int], draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).retype(tensor, dtype, shape)
    assert findings("T112", broken) == [f"error {tensor.rpartition('.')[0]}"]


def test_fires_on_a_router_that_a_pattern_claims(draft: Drafts, findings: Judge) -> None:
    gate = "model.layers.0.mlp.gate"
    broken = draft("qwen3_moe-fp8").config("quantization_config.ignore", ["lm_head"])
    broken.config(f"{GROUP}.targets", ["Linear", r"re:.*mlp\.gate$"])
    broken.retype(f"{gate}.weight", "F8_E4M3", [8, 128])
    broken.add(f"{gate}.weight_scale", "BF16", [8, 1], beside=f"{gate}.weight")
    assert findings("T112", broken) == [f"error {gate}"]


def test_fires_on_a_router_that_none_claims(draft: Drafts, findings: Judge) -> None:
    gate = "model.layers.0.mlp.gate"
    broken = draft("qwen3_moe-fp8").config("quantization_config.ignore", ["lm_head"])
    broken.retype(f"{gate}.weight", "F8_E4M3", [8, 128])
    assert findings("T112", broken) == [f"error {gate}"]
    assert findings("T104", broken) == []


def test_fires_on_an_embedding_of_floats(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(f"{GROUP}.targets", ["Linear", "Embedding"])
    shape = broken.shape(f"{EMBED}.weight")
    broken.retype(f"{EMBED}.weight", "F8_E4M3", shape)
    broken.add(f"{EMBED}.weight_scale", "BF16", [shape[0], 1], beside=f"{EMBED}.weight")
    assert findings("T112", broken) == [f"error {EMBED}"]


def test_fires_as_a_note_on_an_embedding_of_packed_integers(draft: Drafts, findings: Judge) -> None:
    assert findings("T112", draft("llama-w4a16-embedding")) == [f"info {EMBED}"]


def test_silent_on_floats_of_other_widths(mixed: Draft, findings: Judge) -> None:
    assert findings("T112", mixed.retype(f"{DELTA}.A_log", "F16", [4])) == []


def test_silent_on_experts_in_one_tensor(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-nvfp4").config("model_type", "novel")
    name = "model.layers.0.mlp.experts.gate_up_proj"
    kept.add(name, "F8_E4M3", [4, 64, 128], beside="lm_head.weight")
    assert findings("T112", kept) == []


def test_silent_on_zero_points_of_quantized_attention(draft: Drafts, findings: Judge) -> None:
    # What llm-compressor saves where attention itself is a target, symmetric or not.
    kept = draft("qwen3-fp8-kv")
    for layer in range(2):
        attention = f"model.layers.{layer}.self_attn"
        for side in "qkv":
            beside = f"{attention}.k_scale"
            kept.add(f"{attention}.{side}_zero_point", "F8_E4M3", [1], beside=beside)
    for code in ("T102", "T112", "T118", "Q114", "V101", "V112"):
        assert findings(code, kept) == []
