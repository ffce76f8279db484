"""Arcee: Llama's attention, an MLP without a gate.

vLLM runs it through its Transformers backend, which merges q, k and v.
"""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import QKV, Family
from release.architecture.mlp import plain_mlp
from release.architecture.skeleton import Skeleton


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias)
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    yield from plain_mlp(f"{name}.mlp", hidden, width, bias=config.flag("mlp_bias"))


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


FAMILY = Family(_skeleton, plain_caches, QKV)
