"""Granite 3: Llama's layer, scaled by constants that are in config.json."""

from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.families.llama import llama_layer
from release.architecture.family import GATE_UP, QKV, Family
from release.architecture.skeleton import Skeleton


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, llama_layer)


FAMILY = Family(_skeleton, plain_caches, QKV | GATE_UP)
