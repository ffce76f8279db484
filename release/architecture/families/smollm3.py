"""SmolLM3: Llama's layer, tied by default.

vLLM runs it through its Transformers backend, which merges by its own rules.
"""

from release.architecture.attention import attention_cache
from release.architecture.config import ModelConfig
from release.architecture.decoder import decoder, plain_caches
from release.architecture.families.llama import llama_layer
from release.architecture.family import GATE_UP, QKV, Caches, Family
from release.architecture.skeleton import Skeleton
from release.unknown import Unknown


def _skeleton(config: ModelConfig) -> Skeleton:
    return decoder(config, llama_layer, tied=True)


def _caches(config: ModelConfig) -> Caches | Unknown:
    if config.flag("use_sliding_window"):
        return Unknown("sliding windows of SmolLM3 are not modelled")
    if config.text.get("layer_types") is not None:
        return plain_caches(config)
    return (attention_cache(config),) * config.count("num_hidden_layers")


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | GATE_UP,
    tied_by_default=True,
)
