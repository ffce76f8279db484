"""Command R7B and A: Command R with a sliding window in three of four layers."""

from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import decoder, layer_caches
from release.architecture.families.cohere import ONE_NORM, cohere_layer
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.architecture.skeleton import Skeleton
from release.unknown import Unknown


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, cohere_layer, tied=True, norms=ONE_NORM)


def _caches(config: ModelConfig) -> Caches | Unknown:
    # vLLM 0.32 models/commandr.py: a layer sees the token itself and the window before it.
    window = (config.window() or 0) + 1
    types = config.layer_types(FULL, 4, SLIDING, "sliding_window_pattern")
    return layer_caches(config, types, window=window)


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    tied_by_default=True,
)
