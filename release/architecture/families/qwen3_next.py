"""Qwen3-Next: Gated DeltaNet layers, every fourth one softmax attention, experts."""

from release.architecture.attention import QK_NORM, attention, attention_cache
from release.architecture.config import FULL, RECURRENT, ModelConfig
from release.architecture.decoder import decoder, known_types
from release.architecture.families.qwen2_moe import shared_expert_mlp
from release.architecture.family import GATE_UP, MTP_APART, QKV, Caches, Family, LayerCache
from release.architecture.mlp import expert_count, mlp_of, sparse_step
from release.architecture.recurrent import gated_delta_net_cache, merged_delta_net
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton


def _types(config: ModelConfig) -> tuple[str, ...]:
    return known_types(config.layer_types(FULL, 4), FULL, RECURRENT)


def _skeleton(config: ModelConfig) -> Skeleton:
    types, count = _types(config), expert_count(config)
    bias = config.flag("attention_bias")

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        if types[index] == RECURRENT:
            yield from merged_delta_net(f"{name}.linear_attn", config)
        else:
            yield from attention(
                f"{name}.self_attn",
                config,
                qkv_bias=bias,
                o_bias=bias,
                qk_norm=QK_NORM,
                output_gate=True,
            )
        if count and sparse_step(config, index):
            yield from shared_expert_mlp(f"{name}.mlp", config, count)
        else:
            yield from mlp_of(f"{name}.mlp", config)

    return decoder(config, layer)


def _caches(config: ModelConfig) -> Caches:
    of_kind: dict[str, LayerCache] = {
        RECURRENT: gated_delta_net_cache(config),
        FULL: attention_cache(config),
    }
    return tuple(of_kind[kind] for kind in _types(config))


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP | {"in_proj_qkvz": ("in_proj_qkvz",), "in_proj_ba": ("in_proj_ba",)},
    mtp="mtp.",
    mtp_keys=("mtp_num_hidden_layers", "num_nextn_predict_layers"),
    mtp_parts=MTP_APART,
    mtp_default=1,
    served=Served(plain=("lm_head",)),
)
