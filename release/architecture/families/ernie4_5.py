"""ERNIE 4.5 (dense): Llama's layer with one switch for all biases, tied by default."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("use_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    yield from gated_mlp(f"{name}.mlp", hidden, width, bias=bias)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, tied=True)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
    tied_by_default=True,
)
