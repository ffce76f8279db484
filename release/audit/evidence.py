"""The facts that figures of a card are held against."""

import msgspec

from release.architecture import ModelConfig
from release.checkpoint import Checkpoint
from release.facts.counted import Counted
from release.facts.kv import KvModel
from release.facts.model import Model
from release.facts.modules import Modules
from release.facts.weights import Weights
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

Range = tuple[float, float]


class Evidence(msgspec.Struct, frozen=True):
    """What figures are held against."""

    checkpoint: Checkpoint
    config: ModelConfig
    weights: Weights | Unknown
    model: Model | Unknown
    kv: KvModel | Unknown
    counted: Counted | Unknown
    quantization: QuantizationConfig | Unknown
    modules: Modules | Unknown


def exactly(*values: float) -> list[Range]:
    """Ranges that hold one value each."""
    return [(float(value), float(value)) for value in values]
