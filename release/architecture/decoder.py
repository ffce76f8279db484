"""The shape every decoder-only model shares: embedding, layers, final norm, head."""

from collections.abc import Callable, Sequence

import msgspec

from release.architecture.attention import attention_cache
from release.architecture.config import FULL, SLIDING, ConfigGap, ModelConfig
from release.architecture.family import Caches
from release.architecture.skeleton import Skeleton, embedding, linear, norm
from release.unknown import Unknown

Layer = Callable[[str, ModelConfig, int], Skeleton]

# The norms of one layer, in the words of Llama and of Gemma 2.
TWO_NORMS = ("input_layernorm", "post_attention_layernorm")
AROUND_NORMS = (*TWO_NORMS, "pre_feedforward_layernorm", "post_feedforward_layernorm")
AFTER_NORMS = ("post_attention_layernorm", "post_feedforward_layernorm")


def decoder(  # noqa: PLR0913 - one switch for each way in which families differ
    config: ModelConfig,
    layer: Layer,
    *,
    tied: bool = False,
    prefix: str = "model",
    norms: tuple[str, ...] = TWO_NORMS,
    norm_bias: bool = False,
    head_bias: bool = False,
) -> Skeleton:
    """Embedding, `layer` for each of num_hidden_layers, norm, and a head unless it is tied."""
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding(f"{prefix}.embed_tokens", vocab, hidden)
    for index in range(config.count("num_hidden_layers")):
        name = f"{prefix}.layers.{index}"
        for each in norms:
            yield from norm(f"{name}.{each}", hidden, bias=norm_bias)
        yield from layer(name, config, index)
    yield from norm(f"{prefix}.norm", hidden, bias=norm_bias)
    if not config.tied(tied):
        yield from linear("lm_head", vocab, hidden, bias=head_bias)


def known_types(types: Sequence[str], *known: str) -> tuple[str, ...]:
    """Check the kinds of layers. Raises `ConfigGap` if one is not of the family's."""
    strange = next((kind for kind in types if kind not in known), None)
    if strange is not None:
        raise ConfigGap(f"layer type {strange!r:.40} is not one of {', '.join(known)}")
    return tuple(types)


def plain_caches(config: ModelConfig) -> Caches | Unknown:
    """Every layer caches the full context, or the window where sliding_window is set.

    Source: vLLM 0.32 engine/arg_utils.py (CacheConfig.sliding_window: all layers, if layer_types
    has nothing else), models/llama.py (layer_types decides for each layer).
    """
    window = config.window()
    listed = config.text.get("layer_types") is not None
    default = SLIDING if window else FULL
    return layer_caches(config, config.layer_types(FULL) if listed else (default,) * _all(config))


def qwen_caches(config: ModelConfig) -> Caches | Unknown:
    """As `plain_caches`, with a window only if use_sliding_window says so.

    Source: vLLM 0.32 models/qwen2.py, which refuses windows on some layers only.
    """
    listed = config.text.get("layer_types") is not None
    if listed and len(set(config.layer_types(FULL))) > 1:
        return Unknown("vLLM has no sliding window on some of the layers of this family")
    if not listed and not config.flag("use_sliding_window"):
        return (attention_cache(config),) * _all(config)
    if not listed and config.window() and not config.model_type.endswith("_moe"):
        return Unknown("use_sliding_window without layer_types: max_window_layers is not modelled")
    return plain_caches(config)


def layer_caches(
    config: ModelConfig,
    types: Sequence[str],
    *,
    window: int | None = None,
) -> Caches | Unknown:
    """The caches of layers with full attention and with a sliding window."""
    full = attention_cache(config)
    windowed = msgspec.structs.replace(full, window=window or config.window())
    of_kind = {FULL: full, SLIDING: windowed}
    strange = next((kind for kind in types if kind not in of_kind), None)
    if strange is not None:
        return Unknown(f"the cache of a layer of type {strange!r:.40} is not modelled")
    return tuple(of_kind[kind] for kind in types)


def _all(config: ModelConfig) -> int:
    return config.count("num_hidden_layers")
