"""GLM-4 and GLM-Z1 (0414): norms around both blocks, gate and up are one module."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import TWO_NORMS, decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import merged_mlp
from release.architecture.skeleton import Skeleton

NORMS = (*TWO_NORMS, "post_self_attn_layernorm", "post_mlp_layernorm")


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias", default=True)
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias)
    yield from merged_mlp(
        f"{name}.mlp", config.size("hidden_size"), config.size("intermediate_size")
    )


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, norms=NORMS)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
)
