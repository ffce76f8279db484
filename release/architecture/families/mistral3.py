"""Mistral Small 3.1 and later: Mistral with Pixtral's vision tower."""

from release.architecture.config import ModelConfig, size
from release.architecture.decoder import decoder, plain_caches
from release.architecture.families import mistral
from release.architecture.family import GATE_UP, LLAVA_SPELLINGS, QKV, Family, Inputs, Loading
from release.architecture.served import LLAVA, Served
from release.architecture.skeleton import Skeleton, linear, norm
from release.architecture.towers import Settings, pixtral_vision


def _projector(name: str, config: ModelConfig, vision: Settings) -> Skeleton:
    hidden, width = config.size("hidden_size"), size(vision, "hidden_size", 1024)
    merged = width * size(config.raw, "spatial_merge_size", 2) ** 2
    layers = config.raw.get("vision_feature_layer")
    taken = width * (len(layers) if isinstance(layers, list) else 1)
    bias = bool(config.raw.get("multimodal_projector_bias"))
    yield from norm(f"{name}.norm", width)
    yield from linear(f"{name}.patch_merger.merging_layer", width, merged)
    yield from linear(f"{name}.linear_1", hidden, taken, bias=bias)
    yield from linear(f"{name}.linear_2", hidden, hidden, bias=bias)


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from decoder(config, mistral.mistral_layer, tied=True, prefix="model.language_model")
    if config.vision is not None:
        yield from pixtral_vision("model.vision_tower", config.vision)
        yield from _projector("model.multi_modal_projector", config, config.vision)


FAMILY = Family(
    _skeleton,
    plain_caches,
    QKV | GATE_UP,
    "model.language_model.layers",
    tied_by_default=True,
    spellings=LLAVA_SPELLINGS,
    served=Served(
        LLAVA.prefixes | {"model.": "language_model.model."},
        head=LLAVA.head,
        plain=("multi_modal_projector.patch_merger.",),
    ),
    loading=Loading(own_head=True),
    inputs=Inputs(("image",)),
)
