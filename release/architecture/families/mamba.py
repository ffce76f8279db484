"""Mamba, Mamba 2 and Falcon Mamba: every layer one mixer with a state, no attention at all."""

from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.family import Caches, Defaults, Family
from release.architecture.recurrent import (
    Mamba,
    Selective,
    mamba,
    mamba_cache,
    selective,
    selective_cache,
)
from release.architecture.skeleton import Skeleton, embedding, linear, norm

SECOND = "mamba2"
EXPAND_CAP = 64


def _defaults(config: ModelConfig) -> Defaults:
    if config.model_type == SECOND:
        return {
            "num_heads": 128,
            "head_dim": 64,
            "state_size": 128,
            "n_groups": 8,
            "conv_kernel": 4,
        }
    return {"state_size": 16, "conv_kernel": 4}


def _selective(config: ModelConfig) -> Selective:
    """Sizes of Mamba 1: an intermediate_size that is stated counts, whatever `expand` says."""
    hidden, expand = config.size("hidden_size"), config.get("expand", 2)
    if type(expand) not in {int, float} or not 0 < expand <= EXPAND_CAP:
        raise ConfigGap(f"expand is {expand!r:.40}")
    automatic = config.get("time_step_rank", "auto") == "auto"
    rank = -(-hidden // 16) if automatic else config.size("time_step_rank")
    width = config.size("intermediate_size", int(expand * hidden))
    return Selective(width, config.size("state_size"), config.size("conv_kernel"), rank)


def _second(config: ModelConfig) -> Mamba:
    return Mamba(
        config.count("num_heads"),
        config.size("head_dim"),
        config.count("n_groups"),
        config.size("state_size"),
        config.size("conv_kernel"),
    )


def _mixer(name: str, config: ModelConfig) -> Skeleton:
    hidden, bias = config.size("hidden_size"), config.flag("use_bias")
    conv_bias = config.flag("use_conv_bias", default=True)
    if config.model_type == SECOND:
        return mamba(name, hidden, _second(config), bias=bias, conv_bias=conv_bias)
    return selective(name, hidden, _selective(config), bias=bias, conv_bias=conv_bias)


def _skeleton(config: ModelConfig) -> Skeleton:
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding("backbone.embeddings", vocab, hidden)
    for index in range(config.count("num_hidden_layers")):
        yield from norm(f"backbone.layers.{index}.norm", hidden)
        yield from _mixer(f"backbone.layers.{index}.mixer", config)
    yield from norm("backbone.norm_f", hidden)
    if not config.tied(default=config.model_type != SECOND):
        yield from linear("lm_head", vocab, hidden)


def _caches(config: ModelConfig) -> Caches:
    second = config.model_type == SECOND
    cache = mamba_cache(_second(config), None) if second else selective_cache(_selective(config))
    return (cache,) * config.count("num_hidden_layers")


FAMILY = Family(
    _skeleton,
    _caches,
    {},
    stack="backbone.layers",
    tied_by_default=True,
    defaults=_defaults,
    served=None,
)
