"""Names of modules -> the part of the model they belong to, in the words of a model card."""

MTP, VISION, AUDIO, PROJECTOR = "MTP head", "Vision tower", "Audio tower", "Multimodal projector"
HEAD, EMBEDDINGS, NORMS = "lm_head", "Embeddings", "Norms"
EXPERTS, ROUTER, MLP = "MoE experts", "MoE router", "MLP"
LINEAR_ATTENTION, ATTENTION = "Linear attention", "Softmax attention"
SCALES, OTHER = "Quantization scales", "Other"

# The first part of a name that is listed decides: outer parts (towers) stand before inner ones.
_BY_PART = {
    "mtp": MTP,
    "visual": VISION,
    "vision_tower": VISION,
    "vision_model": VISION,
    "audio_tower": AUDIO,
    "multi_modal_projector": PROJECTOR,
    "lm_head": HEAD,
    "embed_tokens": EMBEDDINGS,
    "linear_attn": LINEAR_ATTENTION,
    "mamba": LINEAR_ATTENTION,
    "self_attn": ATTENTION,
    "attention": ATTENTION,
    "experts": EXPERTS,
    "shared_expert": EXPERTS,
    "shared_experts": EXPERTS,
    "router": ROUTER,
    "shared_expert_gate": ROUTER,
}


def component_of(module: str) -> str:
    """Name the component of a module; "Other" is an answer, never a guess."""
    parts = module.split(".")
    for part in parts:
        component = _BY_PART.get(part)
        if component:
            return component
    last = parts[-1]
    if last.endswith("norm") or "layernorm" in last:
        return NORMS
    if last == "gate":
        return ROUTER
    return MLP if "mlp" in parts or "feed_forward" in parts else OTHER
