"""Mamba and Falcon Mamba: every layer one mixer with a state, no attention at all."""

from collections.abc import Callable

from release.architecture.config import ConfigGap, ModelConfig
from release.architecture.family import Caches, Family
from release.architecture.recurrent import Selective, selective, selective_cache
from release.architecture.skeleton import Skeleton, embedding, linear, norm

EXPAND_CAP = 64
STACK = "backbone.layers"


def backbone(config: ModelConfig, mixer: Callable[[str], Skeleton], *, tied: bool) -> Skeleton:
    """Embedding, a norm and `mixer` by its name for each layer, norm, and a head unless tied."""
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding("backbone.embeddings", vocab, hidden)
    for index in range(config.count("num_hidden_layers")):
        yield from norm(f"{STACK}.{index}.norm", hidden)
        yield from mixer(f"{STACK}.{index}.mixer")
    yield from norm("backbone.norm_f", hidden)
    if not config.tied(tied):
        yield from linear("lm_head", vocab, hidden)


def _width(config: ModelConfig) -> int:
    """An intermediate_size that is stated counts, whatever `expand` says."""
    hidden, expand = config.size("hidden_size"), config.get("expand", 2)
    if type(expand) not in {int, float} or not 0 < expand <= EXPAND_CAP:
        raise ConfigGap(f"expand is {expand!r:.40}")
    return config.size("intermediate_size", int(expand * hidden))


def _sizes(config: ModelConfig) -> Selective:
    automatic = config.get("time_step_rank", "auto") == "auto"
    rank = -(-config.size("hidden_size") // 16) if automatic else config.size("time_step_rank")
    return Selective(_width(config), config.size("state_size"), config.size("conv_kernel"), rank)


def _skeleton(config: ModelConfig) -> Skeleton:
    hidden, sizes = config.size("hidden_size"), _sizes(config)
    bias, conv_bias = config.flag("use_bias"), config.flag("use_conv_bias", default=True)

    def mixer(name: str) -> Skeleton:
        return selective(name, hidden, sizes, bias=bias, conv_bias=conv_bias)

    return backbone(config, mixer, tied=True)


def _caches(config: ModelConfig) -> Caches:
    return (selective_cache(_sizes(config)),) * config.count("num_hidden_layers")


FAMILY = Family(
    _skeleton,
    _caches,
    {},
    stack=STACK,
    tied_by_default=True,
    stated=lambda config: {"intermediate_size": _width(config)},
    served=None,
)
