"""What config.json says of the model, or its class where it says nothing: tables and the card."""

from collections import Counter

import msgspec

from release.architecture import Architecture, ModelConfig, complete
from release.architecture.attention import AttentionCache
from release.architecture.config import CHUNKED, FULL, RECURRENT, SLIDING, ConfigGap
from release.architecture.family import LayerCache, ParallelCache
from release.architecture.recurrent import RecurrentCache
from release.unknown import Unknown

COUNTS = ("num_experts", "num_local_experts", "n_routed_experts")  # one thing under three names
LAYERS = "num_hidden_layers"
STATED = (
    LAYERS,
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "linear_num_key_heads",
    "linear_num_value_heads",
    "linear_key_head_dim",
    "linear_value_head_dim",
    *COUNTS,
    "n_shared_experts",
    "num_experts_per_tok",
    "moe_intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "sliding_window",
)


class Model(msgspec.Struct, frozen=True):
    """The model as its config has it; `layer_types` counts layers by kind.

    `transformers` is the version that wrote the file.
    """

    model_type: str
    architecture: str
    dtype: str | None
    settings: dict[str, int]
    layer_types: dict[str, int]
    vision: bool
    transformers: str | None


def provide_model(config: ModelConfig, architecture: Architecture | Unknown) -> Model:
    """Collect the settings that are numbers."""
    full = config if isinstance(architecture, Unknown) else complete(config)
    settings = {key: full.get(key) for key in STATED}
    if settings[LAYERS] is None and not isinstance(architecture, Unknown):
        settings[LAYERS] = _listed(architecture)
    stated = [key for key in COUNTS if config.get(key) is not None]
    settings |= dict.fromkeys(set(COUNTS) - set(stated)) if stated else {}
    written = config.raw.get("transformers_version")
    return Model(
        model_type=config.model_type,
        architecture=config.architecture,
        dtype=config.dtype,
        settings={key: value for key, value in settings.items() if type(value) is int},
        layer_types=_layer_types(config, architecture),
        vision=config.vision is not None,
        transformers=written if isinstance(written, str) else None,
    )


def _listed(architecture: Architecture) -> int | None:
    """The number of layers where config.json lists their kinds instead."""
    return None if isinstance(architecture.caches, Unknown) else len(architecture.caches)


def _layer_types(config: ModelConfig, architecture: Architecture | Unknown) -> dict[str, int]:
    """Count layers by the kinds that are stated, else by what each keeps."""
    caches = () if isinstance(architecture, Unknown) else architecture.caches
    if config.text.get("layer_types") is None and not isinstance(caches, Unknown):
        kinds = Counter(_kind(cache) for cache in caches if cache is not None)
        if kinds.keys() - {FULL}:
            return dict(kinds)
    try:
        return dict(Counter(config.layer_types(FULL)))
    except ConfigGap:
        return {}


def _kind(cache: LayerCache | ParallelCache) -> str:
    """What a layer is called in `layer_types`, by what it keeps."""
    if isinstance(cache, RecurrentCache):
        return RECURRENT
    if isinstance(cache, AttentionCache) and (cache.window or cache.chunk):
        return SLIDING if cache.window else CHUNKED
    return FULL
