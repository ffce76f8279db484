"""Kimi Linear: Kimi Delta Attention, every fourth layer latent attention, experts after the first.

Stored names are those of the release; transformers merges the three convolutions when it loads.
"""

from typing import Any

import msgspec

from release.architecture.config import FULL, RECURRENT, ConfigGap, ModelConfig
from release.architecture.decoder import decoder, known_types
from release.architecture.families.deepseek import deepseek_fused, routed_mlp
from release.architecture.families.glm4_moe_lite import SPARSE, mlp_types
from release.architecture.family import Caches, Family, Fusions, LayerCache, Loading
from release.architecture.latent import latent_attention, latent_cache
from release.architecture.mlp import W_SPELLING, mlp_of
from release.architecture.recurrent import RecurrentCache
from release.architecture.skeleton import CONV, Expected, Skeleton, linear, norm, vectors

# Source: vLLM 0.32 models/kimi_k3/nvidia/model.py, KimiLinearModel.
MERGED: Fusions = {
    "in_proj_qkvgfab": ("q_proj", "k_proj", "v_proj", "b_proj", "f_a_proj"),
    "conv1d": ("q_conv1d", "k_conv1d", "v_conv1d"),
}


class _Delta(msgspec.Struct, frozen=True):
    """The sizes of a layer of Kimi Delta Attention."""

    heads: int
    head_dim: int
    kernel: int

    @property
    def width(self) -> int:
        return self.heads * self.head_dim


def _nested(config: ModelConfig) -> dict[str, Any]:
    nested = config.text.get("linear_attn_config") or {}
    if not isinstance(nested, dict):
        raise ConfigGap("linear_attn_config is not an object")
    return nested


def _delta(config: ModelConfig) -> _Delta:
    """The release's config has these sizes in an object of their own."""
    nested = ModelConfig(_nested(config))
    return _Delta(
        nested.count("num_heads", config.count("linear_num_heads", 32)),
        nested.size("head_dim", config.size("linear_head_dim", 128)),
        nested.size("short_conv_kernel_size", config.size("linear_conv_kernel_dim", 4)),
    )


def _types(config: ModelConfig) -> tuple[str, ...]:
    """Kinds of layers; the release's config counts them from 1."""
    nested, count = _nested(config), config.count("num_hidden_layers")
    full, delta = nested.get("full_attn_layers"), nested.get("kda_layers")
    if config.text.get("layer_types") is not None:
        return known_types(config.layer_types(FULL), FULL, RECURRENT)
    if full is None or delta is None:
        return tuple(FULL if i and i % 4 == 0 else RECURRENT for i in range(count))
    kinds = dict.fromkeys(_numbers(full), FULL)
    kinds |= dict.fromkeys(_numbers(delta), RECURRENT)
    if not kinds.keys() >= set(range(1, count + 1)):
        raise ConfigGap("linear_attn_config names no kind for some layers")
    return tuple(kinds[number] for number in range(1, count + 1))


def _numbers(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        raise ConfigGap("linear_attn_config: layers are not a list of numbers")
    return value


def _delta_attention(name: str, hidden: int, sizes: _Delta) -> Skeleton:
    width, rank = sizes.width, sizes.head_dim
    for part in "qkv":
        yield from linear(f"{name}.{part}_proj", width, hidden)
        yield f"{name}.{part}_conv1d", Expected(CONV, {"weight": (width, 1, sizes.kernel)})
    for gate in "fg":
        yield from linear(f"{name}.{gate}_a_proj", rank, hidden)
        yield from linear(f"{name}.{gate}_b_proj", width, rank)
    yield from linear(f"{name}.b_proj", sizes.heads, hidden)
    yield from vectors(name, A_log=(1, 1, sizes.heads, 1), dt_bias=(width,))
    yield from norm(f"{name}.o_norm", rank)
    yield from linear(f"{name}.o_proj", hidden, width)


def _skeleton(config: ModelConfig) -> Skeleton:
    types, sizes, mlps = _types(config), _delta(config), mlp_types(config)

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        if types[index] == FULL:
            yield from latent_attention(f"{name}.self_attn", config)
        else:
            hidden = config.size("hidden_size")
            yield from _delta_attention(f"{name}.self_attn", hidden, sizes)
        if mlps[index] == SPARSE:
            yield from routed_mlp(f"{name}.block_sparse_moe", config, spelling=W_SPELLING)
        else:
            yield from mlp_of(f"{name}.mlp", config)

    return decoder(config, layer)


def _caches(config: ModelConfig) -> Caches:
    """Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py, kda_state_shape."""
    sizes = _delta(config)
    of_kind: dict[str, LayerCache] = {
        FULL: latent_cache(config),
        RECURRENT: RecurrentCache(
            conv_shape=(max(sizes.kernel - 1, 0), 3 * sizes.width),
            state_shape=(sizes.heads, sizes.head_dim, sizes.head_dim),
            state_dtype="float32",
            kind="kimi_delta_attention",
        ),
    }
    return tuple(of_kind[kind] for kind in _types(config))


def _fused(config: ModelConfig) -> Fusions:
    return deepseek_fused(config) | MERGED


# Source: vLLM 0.32 models/kimi_k3/nvidia/model.py, KimiMoE.
LOADING = Loading(narrowest_expert=256)

FAMILY = Family(_skeleton, _caches, _fused, served=None, loading=LOADING)
