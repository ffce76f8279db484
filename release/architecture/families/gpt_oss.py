"""gpt-oss: biases everywhere, attention sinks, a sliding window in every other layer, experts."""

from release.architecture.attention import attention
from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import decoder, layer_caches
from release.architecture.family import QKV, Caches, Family
from release.architecture.mlp import expert_count, experts
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, router
from release.unknown import Unknown


def _layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    bias = config.flag("attention_bias")
    yield from attention(f"{name}.self_attn", config, qkv_bias=bias, o_bias=bias, sinks=True)
    hidden, width = config.size("hidden_size"), config.size("intermediate_size")
    count = expert_count(config, "num_local_experts", "num_experts")
    yield from router(f"{name}.mlp.router", count, hidden, bias=(count,))
    yield from experts(f"{name}.mlp.experts", count, hidden, width, bias=True, transposed=True)


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, _layer)


def _caches(config: ModelConfig) -> Caches | Unknown:
    types = config.layer_types(FULL, 2, SLIDING, "")
    if types[::2] != (SLIDING,) * len(types[::2]) or SLIDING in types[1::2]:
        return Unknown("vLLM gives every other layer a window, layer_types says otherwise")
    return layer_caches(config, types)


FAMILY = Family(
    _skeleton,
    _caches,
    QKV,
    served=Served(
        parts={".self_attn.": ".attn."},
        ends={".gate_up_proj": ".w13_weight", ".down_proj": ".w2_weight"},
    ),
)
