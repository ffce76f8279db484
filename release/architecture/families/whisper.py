"""Whisper: an audio encoder, and a decoder whose layers attend to its own tokens and to the audio.

vLLM keeps both for a request: what the decoder said, and the encoder's output seen by each layer.
"""

from typing import Any

from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.config import ModelConfig
from release.architecture.family import (
    QKV,
    Caches,
    Family,
    Fusions,
    Loading,
    ParallelCache,
)
from release.architecture.skeleton import CONV, Expected, Skeleton, embedding, linear, norm

KERNEL = 3  # of both convolutions over time
CROSS: Fusions = {"kv_proj": ("k_proj", "v_proj")}


def _stated(config: ModelConfig) -> dict[str, Any]:
    """Layers are the decoder's."""
    return {"num_hidden_layers": config.get("decoder_layers", 4)}


def _attention(name: str, hidden: int) -> Skeleton:
    for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
        yield from linear(f"{name}.{part}", hidden, hidden, bias=part != "k_proj")
    yield from norm(f"{name}_layer_norm", hidden, bias=True)


def _mlp(name: str, hidden: int, width: int) -> Skeleton:
    yield from linear(f"{name}.fc1", width, hidden, bias=True)
    yield from linear(f"{name}.fc2", hidden, width, bias=True)
    yield from norm(f"{name}.final_layer_norm", hidden, bias=True)


def _convolution(name: str, out: int, channels: int) -> Skeleton:
    yield name, Expected(CONV, {"weight": (out, channels, KERNEL), "bias": (out,)})


def _encoder(name: str, config: ModelConfig) -> Skeleton:
    hidden, width = config.size("d_model"), config.size("encoder_ffn_dim")
    yield from _convolution(f"{name}.conv1", hidden, config.size("num_mel_bins"))
    yield from _convolution(f"{name}.conv2", hidden, hidden)
    yield from embedding(f"{name}.embed_positions", config.size("max_source_positions"), hidden)
    for index in range(config.count("encoder_layers")):
        yield from _attention(f"{name}.layers.{index}.self_attn", hidden)
        yield from _mlp(f"{name}.layers.{index}", hidden, width)
    yield from norm(f"{name}.layer_norm", hidden, bias=True)


def _decoder(name: str, config: ModelConfig) -> Skeleton:
    hidden, width = config.size("d_model"), config.size("decoder_ffn_dim")
    yield from embedding(f"{name}.embed_tokens", config.size("vocab_size"), hidden)
    yield from embedding(f"{name}.embed_positions", config.size("max_target_positions"), hidden)
    for index in range(config.count("decoder_layers")):
        yield from _attention(f"{name}.layers.{index}.self_attn", hidden)
        yield from _attention(f"{name}.layers.{index}.encoder_attn", hidden)
        yield from _mlp(f"{name}.layers.{index}", hidden, width)
    yield from norm(f"{name}.layer_norm", hidden, bias=True)


def _skeleton(config: ModelConfig) -> Skeleton:
    yield from _encoder("model.encoder", config)
    yield from _decoder("model.decoder", config)
    if not config.tied(default=True):
        yield from linear("proj_out", config.size("vocab_size"), config.size("d_model"))


def _caches(config: ModelConfig) -> Caches:
    """Source: vLLM 0.32 models/whisper.py, WhisperAttention and WhisperCrossAttention."""
    heads = config.count("decoder_attention_heads")
    dim = config.size("d_model") // max(heads, 1)
    own = AttentionCache(heads, dim, dim)
    audio = CrossCache(heads, dim, dim, config.size("max_source_positions"))
    return (ParallelCache((own, audio)),) * config.count("decoder_layers")


# Source: vLLM 0.32 models/whisper.py: no SupportsPP, and an nn.Embedding.
LOADING = Loading(pipeline=False, whole_embedding=True)

FAMILY = Family(
    _skeleton,
    _caches,
    QKV | CROSS,
    stack="model.decoder.layers",
    tied_by_default=True,
    stated=_stated,
    served=None,
    loading=LOADING,
)
