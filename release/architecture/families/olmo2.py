"""OLMo 2: norms after the blocks, norms over all queries and all keys.

vLLM runs it through its Transformers backend, which merges by its own rules.
"""

from release.architecture.attention import QK_NORM, attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import AFTER_NORMS, decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def olmo2_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer."""
    bias = config.flag("attention_bias")
    yield from attention(
        f"{name}.self_attn",
        config,
        qkv_bias=bias,
        o_bias=bias,
        qk_norm=QK_NORM,
        wide_norm=True,
    )
    yield from mlp_of(f"{name}.mlp", config)


def olmo2_skeleton(config: ModelConfig) -> Skeleton:
    """The whole model."""
    return decoder(config, olmo2_layer, norms=AFTER_NORMS)


FAMILY = Family(olmo2_skeleton, plain_caches, QKV | GATE_UP)
