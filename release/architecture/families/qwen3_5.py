"""Qwen3.5 (dense): Gated DeltaNet layers, every fourth one softmax attention, a vision tower."""

from release.architecture.attention import QK_NORM, attention, attention_cache
from release.architecture.config import FULL, RECURRENT, ModelConfig
from release.architecture.decoder import Layer, decoder, known_types
from release.architecture.family import GATE_UP, MTP_APART, QKV, Caches, Family, Fusions, LayerCache
from release.architecture.mlp import mlp_of
from release.architecture.recurrent import gated_delta_net, gated_delta_net_cache
from release.architecture.served import QWEN_VL, Served
from release.architecture.skeleton import Skeleton
from release.architecture.vision import qwen_vision

PROJECTIONS: Fusions = {
    "in_proj_qkvz": ("in_proj_qkv", "in_proj_z"),
    "in_proj_ba": ("in_proj_b", "in_proj_a"),
}


def qwen3_5_skeleton(config: ModelConfig, mlp: Layer) -> Skeleton:
    """The whole model, around a feed-forward block."""
    types = known_types(config.layer_types(FULL, 4), FULL, RECURRENT)
    gate = config.flag("attn_output_gate", default=True)
    bias = config.flag("attention_bias")

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        if types[index] == RECURRENT:
            yield from gated_delta_net(f"{name}.linear_attn", config)
        else:
            yield from attention(
                f"{name}.self_attn",
                config,
                qkv_bias=bias,
                o_bias=bias,
                qk_norm=QK_NORM,
                output_gate=gate,
            )
        yield from mlp(f"{name}.mlp", config, index)

    yield from decoder(config, layer, prefix=_prefix(config))
    if config.vision is not None:
        yield from qwen_vision("model.visual", config.vision)


def qwen3_5_caches(config: ModelConfig) -> Caches:
    """The cache of each layer; vLLM takes the state's dtype from mamba_ssm_dtype."""
    of_kind: dict[str, LayerCache] = {
        RECURRENT: gated_delta_net_cache(config, "mamba_ssm_dtype"),
        FULL: attention_cache(config),
    }
    return tuple(of_kind[kind] for kind in config.layer_types(FULL, 4))


def qwen3_5_fused(config: ModelConfig) -> Fusions:
    """The same names for both classes; the one with a tower adds its qkv."""
    tower: Fusions = {"qkv": ("qkv",)} if "text_config" in config.raw else {}
    return QKV | GATE_UP | PROJECTIONS | tower


def qwen3_5_stack(config: ModelConfig) -> str:
    """Name the layer list."""
    return f"{_prefix(config)}.layers"


def qwen3_5_served(config: ModelConfig) -> Served:
    """VLLM's names, which the class with a tower nests."""
    return Served({"model.language_model.": "model."}) if _is_text(config) else QWEN_VL


def _is_text(config: ModelConfig) -> bool:
    return config.model_type.endswith("_text")


def _prefix(config: ModelConfig) -> str:
    return "model" if _is_text(config) else "model.language_model"


def _skeleton(config: ModelConfig) -> Skeleton:
    return qwen3_5_skeleton(config, lambda name, config, _index: mlp_of(name, config))


FAMILY = Family(
    _skeleton,
    qwen3_5_caches,
    qwen3_5_fused,
    qwen3_5_stack,
    mtp="mtp.",
    mtp_keys=("mtp_num_hidden_layers",),
    mtp_parts=MTP_APART,
    mtp_default=1,
    served=qwen3_5_served,
)
