"""Qwen3-VL: Qwen3 with a vision tower whose mergers feed several layers."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import Layer, decoder, qwen_caches
from release.architecture.families.qwen3 import qwen3_layer
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.served import QWEN_VL, Served
from release.architecture.skeleton import Skeleton
from release.architecture.vision import qwen_vision


def qwen3_vl_skeleton(config: ModelConfig, layer: Layer) -> Skeleton:
    """The tower beside a language model of such layers."""
    yield from decoder(config, layer, prefix="model.language_model")
    if config.vision is not None:
        yield from qwen_vision("model.visual", config.vision)


def _skeleton(config: ModelConfig) -> Skeleton:
    return qwen3_vl_skeleton(config, qwen3_layer)


FAMILY = Family(
    _skeleton,
    qwen_caches,
    QKV | GATE_UP | {"qkv": ("qkv",)},
    "model.language_model.layers",
    served=Served(QWEN_VL.prefixes),  # the head has no prefix here
)
