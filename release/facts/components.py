"""Names of modules -> the part of the model they belong to, in the words of a model card."""

from functools import cache

MTP, VISION, AUDIO, PROJECTOR = "MTP head", "Vision tower", "Audio tower", "Multimodal projector"
HEAD, EMBEDDINGS, NORMS = "lm_head", "Embeddings", "Norms"
EXPERTS, ROUTER, MLP = "MoE experts", "MoE router", "MLP"
LINEAR_ATTENTION, ATTENTION = "Linear attention", "Softmax attention"
SHORT_CONVOLUTION, ENCODER = "Short convolution", "Encoder"
SCALES, OTHER = "Quantization scales", "Other"

# The first part of a name that is listed decides: outer parts (towers) stand before inner ones.
_BY_PART = {
    "mtp": MTP,
    "visual": VISION,
    "vision_tower": VISION,
    "vision_model": VISION,
    "audio_tower": AUDIO,
    "multi_modal_projector": PROJECTOR,
    "mm_projector": PROJECTOR,
    "embed_vision": PROJECTOR,
    "embed_audio": PROJECTOR,
    "encoder": ENCODER,
    "lm_head": HEAD,
    "proj_out": HEAD,
    "embed_tokens": EMBEDDINGS,
    "embed_positions": EMBEDDINGS,
    "embed_tokens_per_layer": EMBEDDINGS,
    "per_layer_model_projection": EMBEDDINGS,
    "per_layer_input_gate": EMBEDDINGS,
    "per_layer_projection": EMBEDDINGS,
    "embeddings": EMBEDDINGS,
    "linear_attn": LINEAR_ATTENTION,
    "mamba": LINEAR_ATTENTION,
    "conv": SHORT_CONVOLUTION,
    "self_attn": ATTENTION,
    "encoder_attn": ATTENTION,
    "attention": ATTENTION,
    "experts": EXPERTS,
    "shared_expert": EXPERTS,
    "shared_experts": EXPERTS,
    "fc1_latent_proj": EXPERTS,
    "fc2_latent_proj": EXPERTS,
    "router": ROUTER,
    "shared_expert_gate": ROUTER,
}

# Hybrids that call every layer's block a mixer: what it is shows in its parts only.
_MIXER = "mixer"
_BY_MIXED = {
    "q_proj": ATTENTION,
    "k_proj": ATTENTION,
    "v_proj": ATTENTION,
    "o_proj": ATTENTION,
    "in_proj": LINEAR_ATTENTION,
    "out_proj": LINEAR_ATTENTION,
    "conv1d": LINEAR_ATTENTION,
    "x_proj": LINEAR_ATTENTION,
    "dt_proj": LINEAR_ATTENTION,
    "norm": LINEAR_ATTENTION,
    _MIXER: LINEAR_ATTENTION,
    "up_proj": MLP,
    "down_proj": MLP,
}

_ROUTERS = {"gate", "block_sparse_moe"}
_MLPS = {"mlp", "feed_forward", "shared_mlp", "fc1", "fc2"}


def component_of(module: str) -> str:
    """Name the component of a module; "Other" is an answer, never a guess."""
    # What is behind the experts decides nothing, and there is most of it.
    head, experts, _ = module.partition(".experts.")
    return _component(f"{head}.experts" if experts else module)


@cache
def _component(module: str) -> str:
    parts = module.split(".")
    for part in parts:
        component = _BY_PART.get(part)
        if component:
            return component
    last = parts[-1]
    if _MIXER in parts and last in _BY_MIXED:
        return _BY_MIXED[last]
    if last.endswith("norm") or "layer_norm" in last or "layernorm" in last or last == "norm_f":
        return NORMS
    if last in _ROUTERS:
        return ROUTER
    return OTHER if _MLPS.isdisjoint(parts) else MLP
