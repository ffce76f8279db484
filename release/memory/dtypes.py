"""Bytes that one token takes in one layer's cache, for every KV cache dtype of vLLM 0.32."""

from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.latent import LatentCache
from release.memory import NotModelled

MODEL_DTYPES = {"bfloat16": 2, "float16": 2, "float32": 4, "bf16": 2, "half": 2, "float": 4}
SPELLINGS = {"bf16": "bfloat16", "half": "float16", "float": "float32"}
FP8 = frozenset({"fp8", "fp8_e4m3", "fp8_e5m2", "fp8_inc"})
NVFP4 = frozenset({"nvfp4", "nvfp4_4over6"})
PER_TOKEN_HEAD = {"int4_per_token_head": 0.5, "int8_per_token_head": 1, "fp8_per_token_head": 1}
# Source: vLLM 0.32 layers/attention/mla_attention.py: latent, rotary part and scales in one blob.
SPARSE_LATENT = {"fp8_ds_mla": 656, "nvfp4_ds_mla": 352}
# (bits of a key, bits of a value); source: quantization/turboquant/config.py, TQ_PRESETS.
TURBOQUANT = {
    "turboquant_k8v4": (8, 4),
    "turboquant_4bit_nc": (4, 4),
    "turboquant_k3v4_nc": (3, 4),
    "turboquant_3bit_nc": (3, 3),
}
CACHE_DTYPES = frozenset(
    {"auto", "float16", "bfloat16", "ultraquant_4bit"}
    | FP8
    | NVFP4
    | PER_TOKEN_HEAD.keys()
    | SPARSE_LATENT.keys()
    | TURBOQUANT.keys()
)
SCALE_BYTES = 4  # one float32 a head and token, for keys and for values


def attention_bytes(cache: AttentionCache | CrossCache, heads: int, dtype: str) -> int:
    """Bytes of one token's keys and values in `heads` KV heads.

    `dtype` is a KV cache dtype or the model's own. Sources: vLLM 0.32 v1/kv_cache_interface.py,
    AttentionSpec; customize_spec of the backends in v1/attention/backends. Raises `NotModelled`.
    """
    dims = cache.head_dim + cache.v_head_dim
    if dtype in MODEL_DTYPES:
        return heads * dims * MODEL_DTYPES[dtype]
    if dtype in FP8:
        return heads * dims
    if dtype in PER_TOKEN_HEAD:
        return heads * (int(dims * PER_TOKEN_HEAD[dtype]) + 2 * SCALE_BYTES)
    if dtype in NVFP4:
        if cache.head_dim != cache.v_head_dim:
            raise NotModelled(f"vLLM has no {dtype} cache for values of another width than keys")
        return heads * 2 * (cache.head_dim // 2 + cache.head_dim // 16)
    if dtype in TURBOQUANT:
        return heads * _turboquant_slot(cache.head_dim, *TURBOQUANT[dtype])
    raise NotModelled(f"a KV cache of dtype {dtype!r:.40} is not modelled for this attention")


def latent_bytes(cache: LatentCache, dtype: str, *, packed: bool = True) -> int:
    """Bytes of one token's latent and rotary key, the same on every rank. Raises `NotModelled`.

    `packed`: FP8 of sparse attention has its scales beside it, as on Hopper.
    """
    dims = cache.latent + cache.rope
    if dtype in MODEL_DTYPES:
        return dims * MODEL_DTYPES[dtype]
    if cache.sparse and packed and dtype in FP8:
        dtype = "fp8_ds_mla"
    if cache.sparse and dtype in SPARSE_LATENT:
        return SPARSE_LATENT[dtype]
    if dtype in FP8:
        return dims
    if dtype in PER_TOKEN_HEAD and not cache.sparse:
        return int(dims * PER_TOKEN_HEAD[dtype]) + 2 * SCALE_BYTES
    raise NotModelled(f"a KV cache of dtype {dtype!r:.40} is not modelled for latent attention")


def _turboquant_slot(head_dim: int, key_bits: int, value_bits: int) -> int:
    """Bytes of one head's key and value; 8-bit keys are FP8 without a norm."""
    key = head_dim if key_bits == 8 else -(-head_dim * key_bits // 8) + 2  # noqa: PLR2004
    value = -(-head_dim * value_bits // 8) + 4
    return key + value + (key + value) % 2
