"""Granite 4: Mamba-2 and attention layers, experts where there are any, a shared MLP in each."""

from release.architecture.attention import attention, attention_cache
from release.architecture.config import FULL, RECURRENT, ModelConfig
from release.architecture.decoder import decoder, known_types
from release.architecture.families.granitemoe import granite_experts
from release.architecture.family import QKV, Caches, Family, LayerCache
from release.architecture.recurrent import Mamba, mamba, mamba_cache
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, linear
from release.unknown import Unknown

LEGACY = {"mamba": RECURRENT, "attention": FULL}


def _types(config: ModelConfig) -> tuple[str, ...]:
    types = config.layer_types(RECURRENT)
    return known_types([LEGACY.get(kind, kind) for kind in types], FULL, RECURRENT)


def _sizes(config: ModelConfig) -> Mamba:
    heads = config.count("mamba_n_heads")
    width = config.size("mamba_expand", 2) * config.size("hidden_size")
    stated = config.get("mamba_d_head")
    computed = stated is None or stated == "auto"
    dim = width // max(heads, 1) if computed else config.size("mamba_d_head")
    groups, state = config.count("mamba_n_groups"), config.size("mamba_d_state")
    return Mamba(heads, dim, groups, state, config.size("mamba_d_conv", 4))


def _skeleton(config: ModelConfig) -> Skeleton:
    types, hidden = _types(config), config.size("hidden_size")
    shared, bias = config.size("shared_intermediate_size"), config.flag("attention_bias")

    def layer(name: str, config: ModelConfig, index: int) -> Skeleton:
        if types[index] == RECURRENT:
            conv = config.flag("mamba_conv_bias", default=True)
            uses = config.flag("mamba_proj_bias")
            yield from mamba(f"{name}.mamba", hidden, _sizes(config), bias=uses, conv_bias=conv)
        else:
            yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
        if config.count("num_local_experts", 8):
            yield from granite_experts(f"{name}.block_sparse_moe", config)
        yield from linear(f"{name}.shared_mlp.input_linear", 2 * shared, hidden)
        yield from linear(f"{name}.shared_mlp.output_linear", hidden, shared)

    return decoder(config, layer)


def _caches(config: ModelConfig) -> Caches | Unknown:
    types = _types(config)
    if RECURRENT not in types:
        return (attention_cache(config),) * len(types)
    of_kind: dict[str, LayerCache] = {
        FULL: attention_cache(config),
        RECURRENT: mamba_cache(_sizes(config), None),
    }
    return tuple(of_kind[kind] for kind in types)


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | {"conv1d": ("conv1d",), "in_proj": ("in_proj",), "input_linear": ("input_linear",)},
    served=Served(moved={".mamba.": ".mixer."}),
)
