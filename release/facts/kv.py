"""What a running sequence costs: KV cache for every token, windows and states of fixed size."""

from collections.abc import Collection, Iterable

import msgspec

from release.architecture import Architecture, ModelConfig, complete
from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.config import ConfigGap
from release.architecture.family import TokenCache, numbered
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.memory import NotModelled
from release.memory.dtypes import attention_bytes, latent_bytes
from release.memory.model import serving_dtype
from release.memory.pool import plan_pool
from release.memory.serving import Serving
from release.memory.states import state_bytes
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

DTYPES = {"bfloat16", "float16", "float32"}
FP8 = "fp8"
STEP = 8192  # tokens; `vllm serve`'s default on GPUs of 70 GiB and more

# Each names the class of vLLM 0.32 (v1/kv_cache_interface.py) whose page size it states.
FULL_FORMULA = "kv_heads * (head_dim + v_head_dim) * bytes, as vLLM's FullAttentionSpec"
LATENT_FORMULA = "(kv_lora_rank + qk_rope_head_dim) * bytes, as vLLM's MLAAttentionSpec"
CROSS_FORMULA = "the others hold the encoder's output, as vLLM's CrossAttentionSpec"
WINDOW_FORMULA = "the others hold their sliding window, as vLLM's SlidingWindowSpec"


class KvModel(msgspec.Struct, frozen=True):
    """Cache costs on one GPU (tensor parallel size 1), in bytes, before vLLM's block padding.

    `bytes_per_token` maps a KV cache dtype to the bytes of one token over all layers that keep
    the full context; `window_bytes_per_sequence` to what the layers with a sliding window keep of
    a sequence that fills it. vLLM adds the tokens of a running step to each window, and cuts all in
    blocks: `bytes_per_request` is what a request of the model's whole context takes then, with
    `step_tokens` a step; empty where no layer has a window, or that is not known.
    `state_bytes_per_sequence` is the recurrent and convolution state of one sequence, whatever its
    length; 0 without recurrent layers. The MTP head's own layers are not counted.
    `default_dtype` is what `--kv-cache-dtype auto` picks.
    """

    attention_layers: int
    windowed_layers: int
    recurrent_layers: int
    bytes_per_token: dict[str, int]
    window_bytes_per_sequence: dict[str, int]
    bytes_per_request: dict[str, int]
    state_bytes_per_sequence: int
    state_dtype: str | None
    default_dtype: str
    calibrated: bool
    formula: str
    step_tokens: int = STEP


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
    config = complete(config)
    dtype = serving_dtype(config)
    if isinstance(dtype, Unknown):
        return dtype
    layers = [cache for _, cache in numbered(caches)]
    states = [layer for layer in layers if isinstance(layer, RecurrentCache)]
    state_dtype = states[0].state_dtype or dtype if states else None
    if state_dtype is not None and state_dtype not in DTYPES:
        return Unknown(f"config.json: the state's dtype {state_dtype!r:.40} has no size we know")
    kept = [layer for layer in layers if not isinstance(layer, RecurrentCache)]
    calibrated = quantization.kv_cache_scheme is not None
    try:
        windows = {i: window for i, layer in enumerate(kept) if (window := _window(layer, config))}
        full = [layer for i, layer in enumerate(kept) if i not in windows]
        return KvModel(
            attention_layers=len(full),
            windowed_layers=len(windows),
            recurrent_layers=len(states),
            bytes_per_token={kind: _token_bytes(full, kind) for kind in (dtype, FP8)},
            window_bytes_per_sequence={
                kind: sum(window * _token_bytes([kept[i]], kind) for i, window in windows.items())
                for kind in (dtype, FP8)
            },
            bytes_per_request={
                kind: size
                for kind in (dtype, FP8)
                if windows and (size := _request_bytes(config, architecture, kind))
            },
            state_bytes_per_sequence=sum(state_bytes(layer, dtype, Serving()) for layer in states),
            state_dtype=state_dtype,
            default_dtype=FP8 if calibrated else dtype,
            calibrated=calibrated,
            formula=_formula(full, [kept[i] for i in windows]),
        )
    except ConfigGap as gap:
        return Unknown(f"config.json: {gap}")
    except NotModelled as gap:
        return Unknown(f"not modelled: {gap}")


def _request_bytes(config: ModelConfig, architecture: Architecture, dtype: str) -> int:
    """What vLLM sets aside for the longest request; 0 where it is not known."""
    limit = config.get("max_position_embeddings")
    serving = Serving(kv_cache_dtype=dtype, max_num_batched_tokens=STEP)
    pool = plan_pool(config, architecture, serving)
    if type(limit) is not int or limit <= 0 or isinstance(pool, Unknown):
        return 0
    return sum(held for held, _ in pool.stage_needs(limit))


def _window(layer: TokenCache, config: ModelConfig) -> int | None:
    """The layer's window, unless no request is long enough to leave it, or the encoder's output."""
    if isinstance(layer, CrossCache):
        return layer.places
    window = layer.window or layer.chunk if isinstance(layer, AttentionCache) else None
    limit = config.get("max_position_embeddings")
    if window is not None and type(limit) is int and window >= limit:
        return None
    return window


def _token_bytes(layers: Iterable[TokenCache], dtype: str) -> int:
    """Bytes of one token over these layers."""
    return sum(
        latent_bytes(layer, dtype) + layer.indexer
        if isinstance(layer, LatentCache)
        else attention_bytes(layer, layer.kv_heads, dtype)
        for layer in layers
    )


def _formula(full: Iterable[TokenCache], fixed: Collection[TokenCache]) -> str:
    latent = any(isinstance(layer, LatentCache) for layer in full)
    layers = "attention layers with full context" if fixed else "attention layers"
    each = f"sum over {layers} of {LATENT_FORMULA if latent else FULL_FORMULA}"
    if not fixed:
        return each
    encoded = any(isinstance(layer, CrossCache) for layer in fixed)
    return f"{each}; {CROSS_FORMULA if encoded else WINDOW_FORMULA}"
