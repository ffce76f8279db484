"""Qwen3.5 (dense): Gated DeltaNet layers, every fourth one softmax attention, a vision tower."""

from release.architecture.attention import attention, attention_cache
from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.decoder import decoder
from release.architecture.family import GATE_UP, QKV, Family, LayerCache
from release.architecture.mlp import gated_mlp
from release.architecture.recurrent import gated_delta_net, gated_delta_net_cache
from release.architecture.skeleton import Skeleton
from release.architecture.vision import qwen_vision

INTERVAL = 4  # the class's default, where the config gives neither layer_types nor an interval


def _prefix(config: ModelConfig) -> str:
    return "model.language_model" if config.model_type == "qwen3_5" else "model"


def _layer(name: str, config: ModelConfig, index: int) -> Skeleton:
    kind = config.layer_types("full_attention", INTERVAL)[index]
    if kind == "linear_attention":
        yield from gated_delta_net(f"{name}.linear_attn", config)
    elif kind == "full_attention":
        gate = bool(config.get("attn_output_gate", True))
        bias = bool(config.get("attention_bias", False))
        yield from attention(
            f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, qk_norm=True, output_gate=gate
        )
    else:
        raise ConfigGap(f"layer type {kind!r} is not one of Qwen3.5's")
    yield from gated_mlp(
        f"{name}.mlp", config.size("hidden_size"), config.size("intermediate_size")
    )


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from decoder(config, _layer, tied=False, prefix=_prefix(config))
    if config.vision is not None:
        yield from qwen_vision("model.visual", config.vision)


def _caches(config: ModelConfig) -> tuple[LayerCache, ...]:
    of_kind: dict[str, LayerCache] = {
        "linear_attention": gated_delta_net_cache(config),
        "full_attention": attention_cache(config),
    }
    return tuple(of_kind[kind] for kind in config.layer_types("full_attention", INTERVAL))


def _stack(config: ModelConfig) -> str:
    return f"{_prefix(config)}.layers"


FAMILY = Family(
    _skeleton,
    _caches,
    QKV
    | GATE_UP
    | {"in_proj_qkvz": ("in_proj_qkv", "in_proj_z"), "in_proj_ba": ("in_proj_b", "in_proj_a")},
    _stack,
    mtp="mtp.",
    mtp_keys=("mtp_num_hidden_layers",),
)
