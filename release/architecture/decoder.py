"""The shape every decoder-only model shares: embedding, layers, final norm, head."""

from collections.abc import Callable

from release.architecture.attention import attention_cache
from release.architecture.config import ModelConfig
from release.architecture.family import LayerCache
from release.architecture.skeleton import Skeleton, embedding, linear, norm
from release.unknown import Unknown

Layer = Callable[[str, ModelConfig, int], Skeleton]


def plain_stack(_config: ModelConfig) -> str:
    """Name the layer list of a text-only model."""
    return "model.layers"


def decoder(config: ModelConfig, layer: Layer, *, tied: bool, prefix: str = "model") -> Skeleton:
    """Embedding, `layer` for each of num_hidden_layers, norm, and a head unless it is tied."""
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding(f"{prefix}.embed_tokens", vocab, hidden)
    for index in range(config.count("num_hidden_layers")):
        name = f"{prefix}.layers.{index}"
        yield from norm(f"{name}.input_layernorm", hidden)
        yield from norm(f"{name}.post_attention_layernorm", hidden)
        yield from layer(name, config, index)
    yield from norm(f"{prefix}.norm", hidden)
    if not config.tied(tied):
        yield from linear("lm_head", vocab, hidden)


def full_attention_caches(config: ModelConfig) -> tuple[LayerCache, ...] | Unknown:
    """Every layer caches the full context; sliding windows are not modelled yet."""
    types = set(config.layer_types("full_attention"))
    windowed = config.get("sliding_window") and config.get("use_sliding_window", True)
    if types != {"full_attention"} or windowed:
        return Unknown("sliding-window attention is not modelled yet")
    return (attention_cache(config),) * config.count("num_hidden_layers")
