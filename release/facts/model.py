"""What config.json says of the model, for tables and the card: stated values, none derived."""

from collections import Counter

import msgspec

from release.architecture import ModelConfig
from release.architecture.config import ConfigGap

STATED = (
    "num_hidden_layers",
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "linear_num_key_heads",
    "linear_num_value_heads",
    "linear_key_head_dim",
    "linear_value_head_dim",
    "num_experts",
    "num_experts_per_tok",
    "moe_intermediate_size",
    "vocab_size",
    "max_position_embeddings",
)


class Model(msgspec.Struct, frozen=True):
    """The model as config.json states it; `layer_types` counts layers by kind.

    `transformers` is the version that wrote the file.
    """

    model_type: str
    architecture: str
    dtype: str | None
    settings: dict[str, int]
    layer_types: dict[str, int]
    vision: bool
    transformers: str | None


def provide_model(config: ModelConfig) -> Model:
    """Collect the settings that are present and are numbers."""
    settings = {key: config.get(key) for key in STATED}
    written = config.raw.get("transformers_version")
    try:
        types = dict(Counter(config.layer_types("full_attention")))
    except ConfigGap:
        types = {}
    return Model(
        model_type=config.model_type,
        architecture=config.architecture,
        dtype=config.dtype,
        settings={key: value for key, value in settings.items() if type(value) is int},
        layer_types=types,
        vision=config.vision is not None,
        transformers=written if isinstance(written, str) else None,
    )
