"""DeepSeek V2, V3 and Kimi-K2: latent attention, first layers dense, experts with shared ones."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder
from release.architecture.family import GATE_UP, MTP_LAYER, Family, Fusions
from release.architecture.latent import latent_attention, latent_caches
from release.architecture.mlp import expert_count, experts, gated_mlp, mlp_of
from release.architecture.skeleton import Skeleton, router

CORRECTED = "noaux_tc"  # the topk_method whose router holds a bias on the scores


def routed_mlp(
    name: str,
    config: ModelConfig,
    *,
    corrected: bool = True,
    spelling: dict[str, str] | None = None,
) -> Skeleton:
    """Experts and the shared ones; a corrected router holds a bias on the scores.

    `spelling` are the names that the release has for an expert's projections.
    """
    hidden, width = config.size("hidden_size"), config.size("moe_intermediate_size")
    count = expert_count(config, "n_routed_experts", "num_local_experts", "num_experts")
    bias = {"e_score_correction_bias": (count,)} if corrected else {}
    yield from router(f"{name}.gate", count, hidden, **bias)
    yield from experts(f"{name}.experts", count, hidden, width, spelling=spelling)
    shared = config.count("n_shared_experts", 0)
    if shared:
        yield from gated_mlp(f"{name}.shared_experts", hidden, width * shared)


def deepseek_fused(config: ModelConfig) -> Fusions:
    """Merged by vLLM: the two projections that read the layer's input, where both are there."""
    low: Fusions = {"fused_qkv_a_proj": ("q_a_proj", "kv_a_proj_with_mqa")}
    return GATE_UP if config.text.get("q_lora_rank") is None else GATE_UP | low


def _is_sparse(config: ModelConfig, index: int) -> bool:
    frequency = config.count("moe_layer_freq", 1)
    first = config.count("first_k_dense_replace", 0)
    return index >= first and frequency > 0 and index % frequency == 0


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    yield from latent_attention(f"{name}.self_attn", config)
    if _is_sparse(config, index):
        usual = "greedy" if config.model_type == "deepseek_v2" else CORRECTED
        corrected = config.get("topk_method", usual) == CORRECTED
        yield from routed_mlp(f"{name}.mlp", config, corrected=corrected)
    else:
        yield from mlp_of(f"{name}.mlp", config)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    latent_caches,
    deepseek_fused,
    mtp="{stack}.{layers}.",
    mtp_keys=("num_nextn_predict_layers",),
    mtp_parts=MTP_LAYER,
)
