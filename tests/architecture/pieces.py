"""What the small configs are made of."""

from typing import Any

Config = dict[str, Any]

SMALL = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MOE = {"moe_intermediate_size": 24, "num_experts_per_tok": 2}
LATENT = {
    "q_lora_rank": 12,
    "kv_lora_rank": 20,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
    "num_key_value_heads": 4,
}
DELTA = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 6,
}
HYBRID = DELTA | {"head_dim": 8, "layer_types": ["linear_attention", "full_attention"]}
SHARED = MOE | {"num_experts": 3, "shared_expert_intermediate_size": 16}
ROUTED = MOE | {"n_routed_experts": 8, "n_shared_experts": 2, "first_k_dense_replace": 1}
MAMBA = {
    "mamba_n_heads": 8,
    "mamba_d_head": 8,
    "mamba_n_groups": 1,
    "mamba_d_state": 16,
    "shared_intermediate_size": 40,
    "layer_types": ["mamba", "attention"],
}
NEMOTRON = MOE | {
    "hybrid_override_pattern": "M*E-",
    "num_hidden_layers": 4,
    "head_dim": 8,
    "mamba_num_heads": 4,
    "mamba_head_dim": 8,
    "ssm_state_size": 16,
    "n_groups": 2,
    "n_routed_experts": 3,
    "n_shared_experts": 1,
    "moe_shared_expert_intermediate_size": 20,
}
VISION = {
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
QWEN_VISION = {
    "depth": 2,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_heads": 2,
    "out_hidden_size": 32,
    "patch_size": 4,
    "num_position_embeddings": 16,
}
QWEN2_VISION = {
    "depth": 2,
    "embed_dim": 16,
    "mlp_ratio": 2,
    "num_heads": 2,
    "hidden_size": 32,
    "patch_size": 4,
}
LLAMA4_VISION = VISION | {
    "intermediate_size": 32,
    "vision_output_dim": 24,
    "projector_input_dim": 24,
    "projector_output_dim": 24,
}


def text(model_type: str, name: str, /, **settings: Any) -> Config:
    """The config.json of a text model."""
    return SMALL | settings | {"model_type": model_type, "architectures": [name]}


def multimodal(model_type: str, name: str, vision: Config, /, **settings: Any) -> Config:
    """The config.json of a model with a tower; what starts with `top_` is not the text's."""
    top = {key.removeprefix("top_"): v for key, v in settings.items() if key.startswith("top_")}
    inner = {key: value for key, value in settings.items() if not key.startswith("top_")}
    nested = {"text_config": SMALL | inner, "vision_config": vision}
    return nested | top | {"model_type": model_type, "architectures": [name]}
