"""Qwen2-VL and Qwen2.5-VL: Qwen2 with a vision tower."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, qwen_caches
from release.architecture.families.qwen2 import qwen2_layer
from release.architecture.family import GATE_UP, QKV, Family, Fusions, Spellings
from release.architecture.served import QWEN_VL, Served
from release.architecture.skeleton import Skeleton
from release.architecture.vision import qwen2_5_vision, qwen2_vision

NEWER = "qwen2_5_vl"
OLD_SPELLINGS: Spellings = {
    "model.language_model.embed_tokens": ("model.embed_tokens",),
    "model.language_model.layers.": ("model.layers.",),
    "model.language_model.norm": ("model.norm",),
    "model.visual.": ("visual.",),
}


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from decoder(config, qwen2_layer, prefix="model.language_model")
    if config.vision is not None:
        tower = qwen2_5_vision if config.model_type == NEWER else qwen2_vision
        yield from tower("model.visual", config.vision)


def _fused(config: ModelConfig) -> Fusions:
    # vLLM's Qwen2-VL class has no mapping itself, the language model in it has Qwen2's.
    tower: Fusions = {"qkv": ("qkv",)} if config.model_type == NEWER else {}
    return QKV | GATE_UP | tower


FAMILY = Family(
    _skeleton,
    qwen_caches,
    _fused,
    "model.language_model.layers",
    spellings=OLD_SPELLINGS,
    served=Served(QWEN_VL.prefixes | {"model.": "language_model.model."}, head=QWEN_VL.head),
)
