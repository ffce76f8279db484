"""Cache costs, held to page sizes that vLLM 0.32.0's own classes gave for the same layers.

FullAttentionSpec, SlidingWindowSpec, MLAAttentionSpec, MambaSpec and MambaStateShapeCalculator
were called once for the public models below; what they returned is here as plain numbers.
"""

from typing import Any

import pytest

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.facts.kv import KvModel, provide_kv
from release.quantization.config import QuantizationConfig, parse_quantization
from release.unknown import Unknown

UNQUANTIZED = QuantizationConfig((), (), None, None, None, None)
CALIBRATED = {"config_groups": {}, "kv_cache_scheme": {"num_bits": 8, "type": "float"}}
BASE = {"dtype": "bfloat16", "vocab_size": 1000, "intermediate_size": 64}

LLAMA_8B = BASE | {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
QWEN3_5_27B = BASE | {
    "model_type": "qwen3_5_text",
    "hidden_size": 5120,
    "num_hidden_layers": 64,
    "num_attention_heads": 24,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 48,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_conv_kernel_dim": 4,
    "mamba_ssm_dtype": "float32",
}
QWEN3_NEXT_80B = BASE | {
    "model_type": "qwen3_next",
    "hidden_size": 2048,
    "num_hidden_layers": 48,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "head_dim": 256,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "num_experts": 2,
    "moe_intermediate_size": 512,
    "shared_expert_intermediate_size": 512,
}
GEMMA_3_27B = BASE | {
    "model_type": "gemma3_text",
    "hidden_size": 5376,
    "num_hidden_layers": 62,
    "num_attention_heads": 32,
    "num_key_value_heads": 16,
    "head_dim": 128,
    "sliding_window": 1024,
    "max_position_embeddings": 131_072,
}
GPT_OSS_120B = BASE | {
    "model_type": "gpt_oss",
    "hidden_size": 2880,
    "num_hidden_layers": 36,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "num_local_experts": 2,
}
DEEPSEEK_V3 = BASE | {
    "model_type": "deepseek_v3",
    "hidden_size": 7168,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "n_routed_experts": 2,
    "moe_intermediate_size": 2048,
    "first_k_dense_replace": 3,
}
NEMOTRON_9B = BASE | {
    "model_type": "nemotron_h",
    "hidden_size": 4480,
    "num_hidden_layers": 56,
    "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-",
    "num_attention_heads": 40,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "mamba_num_heads": 128,
    "mamba_head_dim": 80,
    "n_groups": 8,
    "ssm_state_size": 128,
    "conv_kernel": 4,
}


def kv(config: dict[str, Any], declared: QuantizationConfig = UNQUANTIZED) -> KvModel | Unknown:
    architecture = derive_architecture(ModelConfig(config))
    assert isinstance(architecture, Architecture), architecture
    return provide_kv(ModelConfig(config), architecture, declared)


def known(config: dict[str, Any], declared: QuantizationConfig = UNQUANTIZED) -> KvModel:
    found = kv(config, declared)
    assert isinstance(found, KvModel), found
    return found


@pytest.mark.parametrize(
    ("config", "per_token", "window", "state"),
    [
        (LLAMA_8B, 131_072, 0, 0),
        (QWEN3_5_27B, 65_536, 0, 153_944_064),
        (QWEN3_5_27B | {"mamba_ssm_dtype": "bfloat16"}, 65_536, 0, 78_446_592),
        (QWEN3_NEXT_80B, 24_576, 0, 39_518_208),
        (GEMMA_3_27B, 81_920, 436_207_616, 0),
        (GPT_OSS_120B, 36_864, 4_718_592, 0),
        (DEEPSEEK_V3, 70_272, 0, 0),
        (NEMOTRON_9B, 16_384, 0, 143_548_416),
    ],
)
def test_bytes_are_those_of_vllm(
    config: dict[str, Any], per_token: int, window: int, state: int
) -> None:
    model = known(config)
    assert model.bytes_per_token == {"bfloat16": per_token, "fp8": per_token // 2}
    assert model.window_bytes_per_sequence == {"bfloat16": window, "fp8": window // 2}
    assert model.state_bytes_per_sequence == state


@pytest.mark.parametrize(
    ("config", "layers"),
    [
        (LLAMA_8B, (32, 0, 0)),
        (QWEN3_5_27B, (16, 0, 48)),
        (GEMMA_3_27B, (10, 52, 0)),
        (GPT_OSS_120B, (18, 18, 0)),
        (DEEPSEEK_V3, (61, 0, 0)),
        (NEMOTRON_9B, (4, 0, 27)),
    ],
)
def test_layers_are_counted_by_what_they_keep(
    config: dict[str, Any], layers: tuple[int, int, int]
) -> None:
    model = known(config)
    assert (model.attention_layers, model.windowed_layers, model.recurrent_layers) == layers


def test_fp8_shrinks_no_recurrent_state() -> None:
    assert known(QWEN3_5_27B).state_dtype == "float32"
    assert known(QWEN3_5_27B | {"mamba_ssm_dtype": None}).state_dtype == "bfloat16"
    assert known(QWEN3_NEXT_80B | {"mamba_ssm_dtype": "float32"}).state_dtype == "bfloat16"


def test_a_calibrated_cache_is_fp8_by_itself() -> None:
    assert known(LLAMA_8B).default_dtype == "bfloat16"
    declared = parse_quantization(CALIBRATED)
    assert isinstance(declared, QuantizationConfig)
    assert known(LLAMA_8B, declared).default_dtype == "fp8"


def test_a_window_that_no_request_fills_is_no_window() -> None:
    phi = LLAMA_8B | {"model_type": "phi3", "sliding_window": 4096}
    assert known(phi | {"max_position_embeddings": 8192}).windowed_layers == 32
    assert known(phi | {"max_position_embeddings": 4096}).attention_layers == 32
    assert known(phi | {"max_position_embeddings": "long"}).windowed_layers == 32


def test_mistral_has_a_window_unless_it_is_null() -> None:
    mistral = LLAMA_8B | {"model_type": "mistral"}
    assert known(mistral).windowed_layers == 32
    assert known(mistral | {"sliding_window": None}).windowed_layers == 0


def test_qwen_has_a_window_only_if_it_is_used() -> None:
    qwen = LLAMA_8B | {"model_type": "qwen2", "sliding_window": 4096, "max_window_layers": 4}
    assert known(qwen).windowed_layers == 0
    assert known(qwen | {"use_sliding_window": False}).windowed_layers == 0
    assert isinstance(kv(qwen | {"use_sliding_window": True}), Unknown)
    mixed = ["full_attention"] * 4 + ["sliding_attention"] * 28
    assert isinstance(kv(qwen | {"layer_types": mixed}), Unknown)
    assert known(qwen | {"layer_types": ["sliding_attention"] * 32}).windowed_layers == 32


def test_command_r7b_sees_one_token_more_than_its_window() -> None:
    cohere = LLAMA_8B | {"model_type": "cohere2", "sliding_window": 4096}
    assert known(cohere).window_bytes_per_sequence["fp8"] == 24 * 4097 * 8 * 2 * 128


def test_the_formula_names_the_windows_and_the_latent() -> None:
    assert "SlidingWindowSpec" in known(GEMMA_3_27B).formula
    assert "MLAAttentionSpec" in known(DEEPSEEK_V3).formula
    assert "FullAttentionSpec" in known(LLAMA_8B).formula


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (LLAMA_8B | {"dtype": "int8"}, "'int8'"),
        (QWEN3_5_27B | {"mamba_ssm_dtype": "fp4"}, "'fp4'"),
        (LLAMA_8B | {"layer_types": ["chunked_attention"] * 32}, "'chunked_attention'"),
    ],
)
def test_unknown_gives_its_reason(config: dict[str, Any], reason: str) -> None:
    found = kv(config)
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_a_request_holds_steps_beside_each_window_in_whole_blocks() -> None:
    length, step, window, block = 131_072, 8192, 1024, 16
    model = known(GEMMA_3_27B)
    # 52 layers with a window in six groups as large as the 10 without one; vLLM 0.32
    # v1/kv_cache_interface.py, SlidingWindowSpec.max_memory_usage_bytes.
    windowed = -(-(window - 1 + 2 * step) // block) + 1  # asynchronous: two steps in flight
    pages = 10 * block * 2 * 16 * 128 * 2
    assert model.bytes_per_request["bfloat16"] == (length // block + 6 * windowed) * pages
    assert model.bytes_per_request["fp8"] * 2 == model.bytes_per_request["bfloat16"]


def test_nothing_is_set_aside_where_no_layer_has_a_window() -> None:
    assert known(LLAMA_8B | {"max_position_embeddings": 8192}).bytes_per_request == {}
    endless = GEMMA_3_27B | {"max_position_embeddings": None}
    assert known(endless).bytes_per_request == {}
