"""Small configs of every family: as the Hub has them, without what the class fills in."""

from tests.architecture.pieces import (
    DELTA,
    HYBRID,
    LATENT,
    LLAMA4_VISION,
    MAMBA,
    MOE,
    NEMOTRON,
    QWEN2_VISION,
    QWEN_VISION,
    ROUTED,
    SHARED,
    VISION,
    Config,
    multimodal,
    text,
)

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
    "arcee": text("arcee", "ArceeForCausalLM", head_dim=8),
    "hunyuan_v1_dense": text("hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", head_dim=8),
    "ernie4_5_moe": text(
        "ernie4_5_moe",
        "Ernie4_5_MoeForCausalLM",
        num_hidden_layers=4,
        moe_num_experts=3,
        moe_intermediate_size=24,
        moe_layer_end_index=2,
    ),
    "deepseek_v32": text(
        "deepseek_v32", "DeepseekV32ForCausalLM", index_n_heads=3, **ROUTED, **LATENT
    ),
    "glm_moe_dsa": text(
        "glm_moe_dsa",
        "GlmMoeDsaForCausalLM",
        num_hidden_layers=6,
        index_topk_freq=3,
        **ROUTED,
        **LATENT,
    ),
    "gemma4_text": text(
        "gemma4_text",
        "Gemma4ForCausalLM",
        head_dim=8,
        num_hidden_layers=7,
        global_head_dim=16,
        num_kv_shared_layers=1,
        use_double_wide_mlp=True,
        vocab_size_per_layer_input=80,
        hidden_size_per_layer_input=6,
    ),
    "gemma4": multimodal(
        "gemma4",
        "Gemma4ForConditionalGeneration",
        VISION | {"standardize": True, "use_clipped_linears": True, "head_dim": 8},
        head_dim=8,
        num_hidden_layers=6,
        attention_k_eq_v=True,
        num_global_key_value_heads=1,
        hidden_size_per_layer_input=0,
        enable_moe_block=True,
        num_experts=3,
        top_k_experts=2,
        moe_intermediate_size=24,
    ),
}
