"""LFM2: short convolutions, attention in some layers, experts after the first few where it has any.

Only `conv` layers keep a state: the last inputs of their convolution.
"""

from typing import Any

from release.architecture.attention import attention, attention_cache
from release.architecture.config import FULL, ConfigGap, ModelConfig
from release.architecture.decoder import known_types
from release.architecture.family import QKV, Caches, Family, LayerCache
from release.architecture.mlp import W_SPELLING, expert_count, experts
from release.architecture.recurrent import short_conv, short_conv_cache
from release.architecture.served import Served
from release.architecture.skeleton import Skeleton, embedding, linear, norm, router, vectors

SHORT = "conv"
SCALE_CAP = 1024


def _stated(config: ModelConfig) -> dict[str, Any]:
    older = {"num_attention_heads": "num_heads", "tie_word_embeddings": "tie_embedding"}
    return {new: config.get(old) for new, old in older.items() if config.get(old) is not None}


def _types(config: ModelConfig) -> tuple[str, ...]:
    layers, full = config.count("num_hidden_layers"), config.text.get("full_attn_idxs")
    if config.text.get("layer_types") is None and full is not None:
        if not isinstance(full, list):
            raise ConfigGap("full_attn_idxs is not a list")
        return tuple(FULL if index in full else SHORT for index in range(layers))
    return known_types(config.layer_types(FULL), FULL, SHORT)


def _width(config: ModelConfig) -> int:
    """The MLP's width, which the older configs state before two thirds of it are taken.

    Source: transformers 5, models/lfm2, Lfm2MLP.
    """
    width = config.size("block_ff_dim", config.size("intermediate_size", 12_288))
    if not config.flag("block_auto_adjust_ff_dim", default=config.model_type == "lfm2"):
        return width
    width = int(2 * width / 3)
    factor = config.get("block_ffn_dim_multiplier", 1.0)
    if factor is None:
        return width
    if type(factor) not in {int, float} or not 0 < factor <= SCALE_CAP:
        raise ConfigGap(f"block_ffn_dim_multiplier is {factor!r:.40}")
    step = max(config.size("block_multiple_of", 256), 1)
    return -(-int(factor * width) // step) * step


def _mlp(name: str, config: ModelConfig, index: int) -> Skeleton:
    hidden = config.size("hidden_size")
    if config.model_type == "lfm2_moe" and index >= config.count("num_dense_layers"):
        count = expert_count(config)
        yield from router(f"{name}.gate", count, hidden)
        if config.flag("use_expert_bias", default=True):
            yield from vectors(name, expert_bias=(count,))
        width = config.size("moe_intermediate_size")
        yield from experts(f"{name}.experts", count, hidden, width, spelling=W_SPELLING)
        return
    width = _width(config)
    yield from linear(f"{name}.w1", width, hidden)
    yield from linear(f"{name}.w3", width, hidden)
    yield from linear(f"{name}.w2", hidden, width)


def _attention(name: str, config: ModelConfig) -> Skeleton:
    names = ("q_layernorm", "k_layernorm")
    for module, expected in attention(name, config, qk_norm=names):
        yield module.replace(".o_proj", ".out_proj"), expected


def _skeleton(config: ModelConfig) -> Skeleton:
    vocab, hidden = config.size("vocab_size"), config.size("hidden_size")
    yield from embedding("model.embed_tokens", vocab, hidden)
    for index, kind in enumerate(_types(config)):
        name = f"model.layers.{index}"
        yield from norm(f"{name}.operator_norm", hidden)
        yield from norm(f"{name}.ffn_norm", hidden)
        if kind == FULL:
            yield from _attention(f"{name}.self_attn", config)
        else:
            kernel = config.size("conv_L_cache")
            yield from short_conv(f"{name}.conv", hidden, kernel, bias=config.flag("conv_bias"))
        yield from _mlp(f"{name}.feed_forward", config, index)
    yield from norm("model.embedding_norm", hidden)
    if not config.tied(default=True):
        yield from linear("lm_head", vocab, hidden)


def _caches(config: ModelConfig) -> Caches:
    # vLLM 0.32 models/lfm2.py: conv_dim channels; models/lfm2_moe.py: hidden_size of them.
    hidden = config.size("hidden_size")
    width = hidden if config.model_type == "lfm2_moe" else config.size("conv_dim", hidden)
    of_kind: dict[str, LayerCache] = {
        FULL: attention_cache(config),
        SHORT: short_conv_cache(width, config.size("conv_L_cache")),
    }
    return tuple(of_kind[kind] for kind in _types(config))


def _served(config: ModelConfig) -> Served | None:
    """Names that vLLM gives; those of the layers with experts are not known."""
    mixed = config.get("num_experts") is not None
    return None if mixed else Served(parts={".conv.": ".short_conv."})


FAMILY = Family(
    _skeleton,
    _caches,
    QKV | {"w13": ("w1", "w3"), "in_proj": ("in_proj",)},
    tied_by_default=True,
    stated=_stated,
    served=_served,
)
