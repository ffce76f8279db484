"""Jamba: Mamba-1 layers, one in eight softmax attention, experts in every other one."""

from release.architecture.attention import attention, attention_cache
from release.architecture.config import FULL, RECURRENT, ConfigGap, ModelConfig
from release.architecture.family import GATE_UP, QKV, Caches, Family, LayerCache
from release.architecture.mlp import expert_count, experts, mlp_of
from release.architecture.recurrent import Selective, selective, selective_cache
from release.architecture.skeleton import Skeleton, embedding, linear, norm, router

ATTENTION = ("attn_layer_period", "attn_layer_offset")
EXPERTS = ("expert_layer_period", "expert_layer_offset")


def _every(config: ModelConfig, keys: tuple[str, str], index: int) -> bool:
    period, offset = (config.count(key) for key in keys)
    if not period:
        raise ConfigGap(f"{keys[0]} is 0")
    return index % period == offset


def _types(config: ModelConfig) -> tuple[str, ...]:
    layers = range(config.count("num_hidden_layers"))
    return tuple(FULL if _every(config, ATTENTION, index) else RECURRENT for index in layers)


def _sizes(config: ModelConfig) -> Selective:
    hidden, rank = config.size("hidden_size"), config.text.get("mamba_dt_rank")
    return Selective(
        width=config.size("mamba_expand") * hidden,
        state=config.size("mamba_d_state"),
        kernel=config.size("mamba_d_conv"),
        rank=-(-hidden // 16) if rank in (None, "auto") else config.size("mamba_dt_rank"),
    )


def _mamba(name: str, config: ModelConfig) -> Skeleton:
    sizes = _sizes(config)
    yield from selective(
        name,
        config.size("hidden_size"),
        sizes,
        bias=config.flag("mamba_proj_bias"),
        conv_bias=config.flag("mamba_conv_bias", default=True),
    )
    yield from norm(f"{name}.dt_layernorm", sizes.rank)
    yield from norm(f"{name}.b_layernorm", sizes.state)
    yield from norm(f"{name}.c_layernorm", sizes.state)


def _skeleton(config: ModelConfig) -> Skeleton:
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    count = expert_count(config)
    yield from embedding("model.embed_tokens", vocab, hidden)
    for index, kind in enumerate(_types(config)):
        name = f"model.layers.{index}"
        yield from norm(f"{name}.input_layernorm", hidden)
        yield from norm(f"{name}.pre_ff_layernorm", hidden)
        if kind == FULL:
            yield from attention(f"{name}.self_attn", config)
        else:
            yield from _mamba(f"{name}.mamba", config)
        if count > 1 and _every(config, EXPERTS, index):
            width = config.size("intermediate_size")
            yield from router(f"{name}.feed_forward.router", count, hidden)
            yield from experts(f"{name}.feed_forward.experts", count, hidden, width)
        else:
            yield from mlp_of(f"{name}.feed_forward", config)
    yield from norm("model.final_layernorm", hidden)
    if not config.tied(default=False):
        yield from linear("lm_head", vocab, hidden)


def _caches(config: ModelConfig) -> Caches:
    of_kind: dict[str, LayerCache] = {
        FULL: attention_cache(config),
        RECURRENT: selective_cache(_sizes(config)),
    }
    return tuple(of_kind[kind] for kind in _types(config))


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP | {"in_proj": ("in_proj",)},
    served=None,
)
