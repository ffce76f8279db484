"""Seed-OSS: biases on q, k and v, and on the output where attention_out_bias says so.

vLLM runs it through its Transformers backend, which merges by its own rules.
"""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import gated_mlp
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    yield from attention(
        f"{name}.self_attn",
        config,
        qkv_bias=config.flag("attention_bias"),
        o_bias=config.flag("attention_out_bias"),
    )
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    yield from gated_mlp(f"{name}.mlp", hidden, width, bias=config.flag("mlp_bias"))


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
)
