"""OLMo 3: OLMo 2 with a sliding window in three of four layers."""

from release.architecture.config import FULL, SLIDING, ModelConfig
from release.architecture.decoder import layer_caches
from release.architecture.families.olmo2 import olmo2_skeleton
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.unknown import Unknown


def _caches(config: ModelConfig) -> Caches | Unknown:
    return layer_caches(config, config.layer_types(FULL, 4, SLIDING, ""))


FAMILY = Family(olmo2_skeleton, _caches, QKV | GATE_UP)
