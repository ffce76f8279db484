"""What a running sequence costs: KV cache for every token, recurrent state for every sequence."""

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import AttentionCache
from release.architecture.recurrent import RecurrentCache
from release.quantization.config import QuantizationConfig
from release.unknown import Unknown

DTYPE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}
FP8_BYTES = 1


class KvModel(msgspec.Struct, frozen=True):
    """Cache costs on one GPU (tensor parallel size 1), in bytes, before vLLM's block padding.

    `bytes_per_token` maps a KV cache dtype to the bytes of one token over all attention layers.
    `state_bytes_per_sequence` is the recurrent and convolution state of one sequence, whatever its
    length; 0 without recurrent layers. `default_dtype` is what `--kv-cache-dtype auto` picks.
    """

    attention_layers: int
    recurrent_layers: int
    bytes_per_token: dict[str, int]
    state_bytes_per_sequence: int
    state_dtype: str | None
    default_dtype: str
    calibrated: bool
    formula: str


def provide_kv(
    config: ModelConfig, architecture: Architecture, quantization: QuantizationConfig
) -> KvModel | Unknown:
    """Add up the caches of every layer.

    Source: vLLM v1/kv_cache_interface.py, FullAttentionSpec and MambaSpec page sizes.
    """
    caches = architecture.caches
    if isinstance(caches, Unknown):
        return caches
    dtype = config.dtype
    if dtype not in DTYPE_BYTES:
        return Unknown(f"config.json: dtype {dtype!r} has no size we know")
    attention = [layer for layer in caches if isinstance(layer, AttentionCache)]
    recurrent = [layer for layer in caches if isinstance(layer, RecurrentCache)]
    elements = sum(layer.kv_heads * (layer.head_dim + layer.v_head_dim) for layer in attention)
    state_dtype = recurrent[0].state_dtype or dtype if recurrent else None
    if state_dtype is not None and state_dtype not in DTYPE_BYTES:
        return Unknown(f"config.json: mamba_ssm_dtype {state_dtype!r} has no size we know")
    calibrated = quantization.kv_cache_scheme is not None
    return KvModel(
        attention_layers=len(attention),
        recurrent_layers=len(recurrent),
        bytes_per_token={dtype: elements * DTYPE_BYTES[dtype], "fp8": elements * FP8_BYTES},
        state_bytes_per_sequence=sum(
            _state_bytes(layer, DTYPE_BYTES[dtype], DTYPE_BYTES[state_dtype or dtype])
            for layer in recurrent
        ),
        state_dtype=state_dtype,
        default_dtype="fp8" if calibrated else dtype,
        calibrated=calibrated,
        formula="sum over attention layers of kv_heads * (head_dim + v_head_dim) * bytes",
    )


def _state_bytes(layer: RecurrentCache, conv_bytes: int, state_bytes: int) -> int:
    rows, channels = layer.conv_shape
    heads, value_dim, key_dim = layer.state_shape
    return rows * channels * conv_bytes + heads * value_dim * key_dim * state_bytes
