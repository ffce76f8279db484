"""Mistral: Llama's layer without biases, with a sliding window unless config.json says null."""

from release.architecture.attention import attention
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.mlp import mlp_of
from release.architecture.skeleton import Skeleton


def mistral_layer(name: str, config: ModelConfig, _index: int) -> Skeleton:
    """One decoder layer."""
    yield from attention(f"{name}.self_attn", config)
    yield from mlp_of(f"{name}.mlp", config)


def mistral_skeleton(config: ModelConfig) -> Skeleton:
    """The whole text model."""
    return decoder(config, mistral_layer)


FAMILY = Family(mistral_skeleton, plain_caches, QKV | GATE_UP)
