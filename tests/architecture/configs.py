"""Small configs of every family: as the Hub has them, without what the class fills in."""

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


CONFIGS: dict[str, Config] = {
    "llama": text("llama", "LlamaForCausalLM"),
    "llama-tied": text("llama", "LlamaForCausalLM", tie_word_embeddings=True),
    "llama-biases": text("llama", "LlamaForCausalLM", attention_bias=True, mlp_bias=True),
    "llama-head-dim": text("llama", "LlamaForCausalLM", head_dim=16, num_key_value_heads=1),
    "mistral": text("mistral", "MistralForCausalLM", head_dim=12, sliding_window=None),
    "ministral3": text("ministral3", "Ministral3ForCausalLM", head_dim=8),
    "qwen2": text("qwen2", "Qwen2ForCausalLM"),
    "qwen2-tied": text("qwen2", "Qwen2ForCausalLM", tie_word_embeddings=True),
    "qwen3": text("qwen3", "Qwen3ForCausalLM"),
    "qwen3-biases": text("qwen3", "Qwen3ForCausalLM", head_dim=8, attention_bias=True),
    "qwen3_moe": text("qwen3_moe", "Qwen3MoeForCausalLM", num_experts=3, **MOE),
    "qwen3_moe-mixed": text(
        "qwen3_moe",
        "Qwen3MoeForCausalLM",
        num_experts=3,
        num_hidden_layers=5,
        decoder_sparse_step=2,
        mlp_only_layers=[3],
        head_dim=8,
        **MOE,
    ),
    "qwen2_moe": text("qwen2_moe", "Qwen2MoeForCausalLM", **SHARED),
    "qwen2_moe-plain": text(
        "qwen2_moe", "Qwen2MoeForCausalLM", qkv_bias=False, mlp_only_layers=[0], **SHARED
    ),
    "qwen3_next": text("qwen3_next", "Qwen3NextForCausalLM", **SHARED, **HYBRID),
    "qwen3_next-interval": text(
        "qwen3_next", "Qwen3NextForCausalLM", num_hidden_layers=5, **SHARED, **DELTA
    ),
    "qwen3_5_text": text("qwen3_5_text", "Qwen3_5ForCausalLM", **HYBRID),
    "qwen3_5_text-interval": text(
        "qwen3_5_text", "Qwen3_5ForCausalLM", num_hidden_layers=5, **DELTA
    ),
    "qwen3_5_moe_text": text("qwen3_5_moe_text", "Qwen3_5MoeForCausalLM", **SHARED, **HYBRID),
    "qwen3_5": multimodal("qwen3_5", "Qwen3_5ForConditionalGeneration", QWEN_VISION, **HYBRID),
    "qwen3_5-tied": multimodal(
        "qwen3_5",
        "Qwen3_5ForConditionalGeneration",
        QWEN_VISION,
        top_tie_word_embeddings=True,
        tie_word_embeddings=True,
        **HYBRID,
    ),
    "qwen3_5_moe": multimodal(
        "qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration", QWEN_VISION, **SHARED, **HYBRID
    ),
    "qwen3_vl": multimodal(
        "qwen3_vl",
        "Qwen3VLForConditionalGeneration",
        QWEN_VISION | {"deepstack_visual_indexes": [0, 1]},
        head_dim=8,
    ),
    "qwen3_vl_moe": multimodal(
        "qwen3_vl_moe",
        "Qwen3VLMoeForConditionalGeneration",
        QWEN_VISION | {"deepstack_visual_indexes": []},
        head_dim=8,
        num_experts=3,
        tie_word_embeddings=False,
        **MOE,
    ),
    "qwen2_vl": multimodal("qwen2_vl", "Qwen2VLForConditionalGeneration", QWEN2_VISION),
    "qwen2_5_vl": multimodal("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", QWEN_VISION),
    "gemma": text("gemma", "GemmaForCausalLM", head_dim=8),
    "gemma2": text("gemma2", "Gemma2ForCausalLM", head_dim=8, num_hidden_layers=3),
    "gemma3_text": text("gemma3_text", "Gemma3ForCausalLM", head_dim=8, num_hidden_layers=7),
    "gemma3": multimodal(
        "gemma3",
        "Gemma3ForConditionalGeneration",
        VISION | {"model_type": "siglip_vision_model"},
        head_dim=8,
    ),
    "gemma3-no-head": multimodal(
        "gemma3",
        "Gemma3ForConditionalGeneration",
        VISION | {"model_type": "siglip_vision_model", "vision_use_head": False},
        head_dim=8,
    ),
    "phi3": text("phi3", "Phi3ForCausalLM"),
    "mixtral": text("mixtral", "MixtralForCausalLM", num_local_experts=3),
    "minimax_m2": text("minimax_m2", "MiniMaxM2ForCausalLM", num_local_experts=3, head_dim=8),
    "phimoe": text(
        "phimoe", "PhimoeForCausalLM", num_local_experts=3, attention_bias=True, lm_head_bias=True
    ),
    "olmoe": text("olmoe", "OlmoeForCausalLM", num_experts=3),
    "deepseek_v2": text("deepseek_v2", "DeepseekV2ForCausalLM", **ROUTED, **LATENT),
    "deepseek_v2-lite": text(
        "deepseek_v2", "DeepseekV2ForCausalLM", **ROUTED, **(LATENT | {"q_lora_rank": None})
    ),
    "deepseek_v3": text("deepseek_v3", "DeepseekV3ForCausalLM", **ROUTED, **LATENT),
    "deepseek_v3-bias": text(
        "deepseek_v3", "DeepseekV3ForCausalLM", attention_bias=True, **ROUTED, **LATENT
    ),
    "glm4": text("glm4", "Glm4ForCausalLM", head_dim=8),
    "glm4_moe": text("glm4_moe", "Glm4MoeForCausalLM", head_dim=8, use_qk_norm=True, **ROUTED),
    "glm4_moe-bias": text("glm4_moe", "Glm4MoeForCausalLM", attention_bias=True, **ROUTED),
    "glm4_moe_lite": text(
        "glm4_moe_lite", "Glm4MoeLiteForCausalLM", n_routed_experts=3, **MOE, **LATENT
    ),
    "gpt_oss": text("gpt_oss", "GptOssForCausalLM", num_local_experts=3, head_dim=8),
    "llama4_text": text(
        "llama4_text",
        "Llama4ForCausalLM",
        num_local_experts=3,
        intermediate_size_mlp=40,
        interleave_moe_layer_step=2,
        head_dim=8,
    ),
    "llama4": multimodal(
        "llama4",
        "Llama4ForConditionalGeneration",
        LLAMA4_VISION,
        num_local_experts=3,
        intermediate_size_mlp=40,
        moe_layers=[1],
        head_dim=8,
    ),
    "mistral3": multimodal(
        "mistral3",
        "Mistral3ForConditionalGeneration",
        VISION | {"model_type": "pixtral", "head_dim": 8},
        model_type="mistral",
        head_dim=8,
        top_tie_word_embeddings=False,
    ),
    "mistral3-tied": multimodal(
        "mistral3",
        "Mistral3ForConditionalGeneration",
        VISION | {"model_type": "pixtral", "head_dim": 8},
        model_type="ministral3",
        head_dim=8,
        top_multimodal_projector_bias=True,
        top_vision_feature_layer=[-2, -1],
    ),
    "granite": text("granite", "GraniteForCausalLM", mlp_bias=True),
    "granitemoe": text("granitemoe", "GraniteMoeForCausalLM", num_local_experts=3),
    "granitemoehybrid": text(
        "granitemoehybrid", "GraniteMoeHybridForCausalLM", num_local_experts=3, **MAMBA
    ),
    "granitemoehybrid-dense": text(
        "granitemoehybrid", "GraniteMoeHybridForCausalLM", num_local_experts=0, **MAMBA
    ),
    "cohere": text("cohere", "CohereForCausalLM", use_qk_norm=True),
    "cohere2": text("cohere2", "Cohere2ForCausalLM"),
    "olmo2": text("olmo2", "Olmo2ForCausalLM"),
    "olmo3": text("olmo3", "Olmo3ForCausalLM"),
    "smollm3": text("smollm3", "SmolLM3ForCausalLM"),
    "exaone4": text("exaone4", "Exaone4ForCausalLM"),
    "seed_oss": text("seed_oss", "SeedOssForCausalLM", head_dim=8, attention_out_bias=True),
    "ernie4_5": text("ernie4_5", "Ernie4_5ForCausalLM", head_dim=8, use_bias=True),
    "apertus": text("apertus", "ApertusForCausalLM"),
    "nemotron": text("nemotron", "NemotronForCausalLM", head_dim=8),
    "nemotron_h": text("nemotron_h", "NemotronHForCausalLM", **NEMOTRON),
    "nemotron_h-latent": text(
        "nemotron_h", "NemotronHForCausalLM", moe_latent_size=12, use_conv_bias=False, **NEMOTRON
    ),
}
