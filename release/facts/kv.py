"""What a running sequence costs: KV cache for every token, windows and states of fixed size."""

from collections.abc import Iterable

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import AttentionCache
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}
FP8_BYTES = 1

# Each names the class of vLLM 0.32 (v1/kv_cache_interface.py) whose page size it states.
FULL_FORMULA = "kv_heads * (head_dim + v_head_dim) * bytes, as vLLM's FullAttentionSpec"
LATENT_FORMULA = "(kv_lora_rank + qk_rope_head_dim) * bytes, as vLLM's MLAAttentionSpec"
WINDOW_FORMULA = "the others hold their sliding window, as vLLM's SlidingWindowSpec"


class KvModel(msgspec.Struct, frozen=True):
    """Cache costs on one GPU (tensor parallel size 1), in bytes, before vLLM's block padding.

    `bytes_per_token` maps a KV cache dtype to the bytes of one token over all layers that keep
    the full context; `window_bytes_per_sequence` to what the layers with a sliding window keep of
    a sequence that fills it (vLLM adds the tokens of a running step to each window).
    `state_bytes_per_sequence` is the recurrent and convolution state of one sequence, whatever its
    length; 0 without recurrent layers. The MTP head's own layers are not counted.
    `default_dtype` is what `--kv-cache-dtype auto` picks.
    """

    attention_layers: int
    windowed_layers: int
    recurrent_layers: int
    bytes_per_token: dict[str, int]
    window_bytes_per_sequence: dict[str, int]
    state_bytes_per_sequence: int
    state_dtype: str | None
    default_dtype: str
    calibrated: bool
    formula: str


def provide_kv(
    config: ModelConfig, architecture: Architecture, quantization: QuantizationConfig
) -> KvModel | Unknown:
    """Add up the caches of every layer.

    Source: vLLM v1/kv_cache_interface.py, the page sizes of FullAttentionSpec, MLAAttentionSpec,
    SlidingWindowSpec and MambaSpec.
    """
    caches = architecture.caches
    if isinstance(caches, Unknown):
        return caches
    dtype = config.dtype
    if dtype not in DTYPE_BYTES:
        return Unknown(f"config.json: dtype {dtype!r:.40} has no size we know")
    states = [layer for layer in caches if isinstance(layer, RecurrentCache)]
    state_dtype = states[0].state_dtype or dtype if states else None
    if state_dtype is not None and state_dtype not in DTYPE_BYTES:
        return Unknown(f"config.json: the state's dtype {state_dtype!r:.40} has no size we know")
    kept = [layer for layer in caches if isinstance(layer, AttentionCache | LatentCache)]
    limit = config.get("max_position_embeddings")
    windows = {i: window for i, layer in enumerate(kept) if (window := _window(layer, limit))}
    full = [layer for i, layer in enumerate(kept) if i not in windows]
    calibrated = quantization.kv_cache_scheme is not None
    return KvModel(
        attention_layers=len(full),
        windowed_layers=len(windows),
        recurrent_layers=len(states),
        bytes_per_token=_by_dtype(dtype, sum(map(_elements, full))),
        window_bytes_per_sequence=_by_dtype(
            dtype, sum(window * _elements(kept[i]) for i, window in windows.items())
        ),
        state_bytes_per_sequence=sum(
            _state_bytes(layer, DTYPE_BYTES[dtype], DTYPE_BYTES[state_dtype or dtype])
            for layer in states
        ),
        state_dtype=state_dtype,
        default_dtype="fp8" if calibrated else dtype,
        calibrated=calibrated,
        formula=_formula(full, windowed=bool(windows)),
    )


def _window(layer: AttentionCache | LatentCache, limit: object) -> int | None:
    """The layer's window, unless no request is long enough to leave it."""
    window = layer.window if isinstance(layer, AttentionCache) else None
    if window is not None and type(limit) is int and window >= limit:
        return None
    return window


def _elements(layer: AttentionCache | LatentCache) -> int:
    if isinstance(layer, LatentCache):
        return layer.latent + layer.rope
    return layer.kv_heads * (layer.head_dim + layer.v_head_dim)


def _by_dtype(dtype: str, elements: int) -> dict[str, int]:
    return {dtype: elements * DTYPE_BYTES[dtype], "fp8": elements * FP8_BYTES}


def _state_bytes(layer: RecurrentCache, conv_bytes: int, state_bytes: int) -> int:
    rows, channels = layer.conv_shape
    heads, value_dim, key_dim = layer.state_shape
    return rows * channels * conv_bytes + heads * value_dim * key_dim * state_bytes


def _formula(full: Iterable[AttentionCache | LatentCache], *, windowed: bool) -> str:
    latent = any(isinstance(layer, LatentCache) for layer in full)
    layers = "attention layers with full context" if windowed else "attention layers"
    each = f"sum over {layers} of {LATENT_FORMULA if latent else FULL_FORMULA}"
    return f"{each}; {WINDOW_FORMULA}" if windowed else each
