"""Mamba 2: as Mamba, with heads and groups, and a head of its own."""

from release.architecture.config import ModelConfig
from release.architecture.families.mamba import STACK, backbone
from release.architecture.family import Caches, Family, Loading
from release.architecture.recurrent import Mamba, mamba, mamba_cache
from release.architecture.skeleton import Skeleton


def _sizes(config: ModelConfig) -> Mamba:
    return Mamba(
        config.count("num_heads"),
        config.size("head_dim"),
        config.count("n_groups"),
        config.size("state_size"),
        config.size("conv_kernel"),
    )


def _skeleton(config: ModelConfig) -> Skeleton:
    hidden, sizes = config.size("hidden_size"), _sizes(config)
    bias, conv_bias = config.flag("use_bias"), config.flag("use_conv_bias", default=True)

    def mixer(name: str) -> Skeleton:
        return mamba(name, hidden, sizes, bias=bias, conv_bias=conv_bias)

    return backbone(config, mixer, tied=False)


def _caches(config: ModelConfig) -> Caches:
    return (mamba_cache(_sizes(config), None),) * config.count("num_hidden_layers")


FAMILY = Family(
    _skeleton,
    _caches,
    {},
    stack=STACK,
    served=None,
    loading=Loading(pipeline=False),  # vLLM 0.32 models/mamba2.py: no SupportsPP
)
