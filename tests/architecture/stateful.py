"""Small configs of families whose layers keep a state: of recurrence, or of a short convolution."""

from tests.architecture.pieces import LATENT, MAMBA, MOE, NEMOTRON, Config, text

STATEFUL: dict[str, Config] = {
    "kimi_linear": text(
        "kimi_linear",
        "KimiLinearForCausalLM",
        num_experts=3,
        num_hidden_layers=4,
        linear_attn_config={
            "full_attn_layers": [4],
            "kda_layers": [1, 2, 3],
            "num_heads": 3,
            "head_dim": 8,
            "short_conv_kernel_size": 3,
        },
        **MOE,
        **(LATENT | {"q_lora_rank": None}),
    ),
    "kimi_linear-interval": text(
        "kimi_linear", "KimiLinearForCausalLM", num_experts=3, num_hidden_layers=6, **MOE, **LATENT
    ),
    "mamba": text("mamba", "MambaForCausalLM", state_size=4),
    "mamba-odd": text(
        "mamba",
        "MambaForCausalLM",
        time_step_rank=3,
        use_bias=True,
        use_conv_bias=False,
        tie_word_embeddings=False,
    ),
    "mamba2": text(
        "mamba2", "Mamba2ForCausalLM", num_heads=8, head_dim=8, n_groups=2, state_size=4
    ),
    "falcon_mamba": text("falcon_mamba", "FalconMambaForCausalLM", state_size=4, conv_kernel=3),
    "granitemoehybrid": text(
        "granitemoehybrid", "GraniteMoeHybridForCausalLM", num_local_experts=3, **MAMBA
    ),
    "granitemoehybrid-dense": text(
        "granitemoehybrid", "GraniteMoeHybridForCausalLM", num_local_experts=0, **MAMBA
    ),
    "lfm2": text("lfm2", "Lfm2ForCausalLM", layer_types=["conv", "full_attention"]),
    "lfm2-older": text(
        "lfm2",
        "Lfm2ForCausalLM",
        full_attn_idxs=[1],
        tie_embedding=False,
        conv_bias=True,
        block_ff_dim=60,
        block_multiple_of=8,
        block_ffn_dim_multiplier=1.3,
    ),
    "lfm2_moe": text(
        "lfm2_moe",
        "Lfm2MoeForCausalLM",
        layer_types=["conv", "full_attention"],
        num_dense_layers=1,
        num_experts=3,
        **MOE,
    ),
    "falcon_h1": text(
        "falcon_h1", "FalconH1ForCausalLM", mamba_d_ssm=32, mamba_n_heads=4, mamba_d_state=16
    ),
    "falcon_h1-biases": text(
        "falcon_h1",
        "FalconH1ForCausalLM",
        attention_bias=True,
        mlp_bias=True,
        mamba_proj_bias=True,
        mamba_rms_norm=True,
        mamba_d_ssm=None,
        mamba_n_heads=8,
        mamba_n_groups=2,
        head_dim=16,
    ),
    "jamba": text(
        "jamba",
        "JambaForCausalLM",
        attn_layer_period=2,
        attn_layer_offset=1,
        expert_layer_offset=0,
        num_experts=3,
    ),
    "jamba-dense": text(
        "jamba",
        "JambaForCausalLM",
        attn_layer_period=2,
        attn_layer_offset=1,
        num_experts=1,
        mamba_dt_rank=5,
        mamba_proj_bias=True,
    ),
    "nemotron_h": text("nemotron_h", "NemotronHForCausalLM", **NEMOTRON),
    "nemotron_h-latent": text(
        "nemotron_h", "NemotronHForCausalLM", moe_latent_size=12, use_conv_bias=False, **NEMOTRON
    ),
}
