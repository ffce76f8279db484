"""Apertus: an MLP without a gate whose activation has parameters, norms on queries and keys."""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import QKV, Family
from release.architecture.mlp import plain_mlp
from release.architecture.skeleton import Skeleton, vectors

NORMS = ("attention_layernorm", "feedforward_layernorm")


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, qk_norm=QK_NORM)
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    yield from plain_mlp(f"{name}.mlp", hidden, width)
    if config.get("hidden_act", "xielu") == "xielu":
        yield from vectors(f"{name}.mlp.act_fn", alpha_p=(1,), alpha_n=(1,), beta=(), eps=())


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer, norms=NORMS)


FAMILY = Family(_skeleton, plain_caches, QKV)
