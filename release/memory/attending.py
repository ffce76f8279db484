"""What a model's layers of attention ask of vLLM's backends, and which of these take them."""

from collections.abc import Iterator
from typing import cast

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import AttentionCache, CrossCache
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.architecture.latent import LatentCache
from release.architecture.recurrent import RecurrentCache
from release.memory.backends import (
    CROSS,
    E4M3,
    HELD,
    JOINED,
    LATENT,
    SCALED,
    SINKS,
    SPARSE,
    WINDOW,
    Layer,
    choose,
)
from release.memory.serving import Serving
from release.unknown import Unknown

# Takes FlashAttention 4 for every layer where there is that: it knows images on Hopper.
GEMMA_4 = frozenset(
    f"Gemma4{part}"
    for part in ("ForCausalLM", "ForConditionalGeneration", "UnifiedForConditionalGeneration")
)
FLASH, TRITON = "FLASH_ATTN", "TRITON_ATTN"
HOPPER = 9
FLASH_4 = {HOPPER, 10, 11}
# Whose class takes a cache of bfloat16 for its own: vLLM 0.32 models/config.py.
DEEPSEEK = "DeepseekV32ForCausalLM"
# Sparse latents are kept in a format of their own by a backend, for these KV cache dtypes.
# Source: vLLM 0.32 layers/attention/mla_attention.py, _canonicalize_sparse_mla_kv_cache_dtype.
HOPPERS = "FLASHMLA_SPARSE"
PACKED = {HOPPERS: E4M3, "FLASHINFER_MLA_SPARSE_SM120": E4M3 | {"auto", "bfloat16"}}
FORMAT = "fp8_ds_mla"


def backends_of(
    config: ModelConfig, architecture: Architecture, serving: Serving, dtype: str
) -> tuple[str, ...]:
    """The attention backends of a model in `dtype`: the named one, or those vLLM chooses.

    None are given where the GPU or the release is not known, or no backend takes the layers.
    """
    named = named_backend(config, architecture, serving)
    if named is not None:
        return (named,)
    gpu, version = serving.compute, serving.version
    if gpu is None or version < HELD:
        return ()
    layers = layers_of(config, architecture, serving, dtype)
    names = {choose(layer, gpu, version) for layer in layers}
    return () if None in names else tuple(sorted(cast("set[str]", names)))


def named_backend(config: ModelConfig, architecture: Architecture, serving: Serving) -> str | None:
    """The backend that a command names, or that vLLM names for a model; None for none.

    Source: vLLM 0.32 models/config.py, Gemma4Config: heads of two widths are for Triton where there
    is no FlashAttention 4.
    """
    if serving.attention_backend is not None or config.architecture not in GEMMA_4:
        return serving.attention_backend
    caches = architecture.caches
    kept = () if isinstance(caches, Unknown) else numbered(caches)
    widths = {cache.head_dim for _, cache in kept if isinstance(cache, AttentionCache)}
    older = serving.compute is not None and serving.compute[0] not in FLASH_4
    return TRITON if older and len(widths) > 1 else None


def latent_format(backends: tuple[str, ...], cache: str) -> str | None:
    """The format of its own in which a backend keeps latents with a KV cache dtype, if any.

    Without backends it is that of Hopper's.
    """
    names = backends or (HOPPERS,)
    return FORMAT if any(cache in PACKED.get(name, ()) for name in names) else None


def layers_of(
    config: ModelConfig, architecture: Architecture, serving: Serving, dtype: str
) -> frozenset[Layer]:
    """The kinds of attention that a model has; none where its caches are not known."""
    caches = architecture.caches
    if isinstance(caches, Unknown):
        return frozenset()
    kept = [cache for _, cache in numbered(caches) if not isinstance(cache, RecurrentCache)]
    try:
        return frozenset(_layers(kept, config, architecture, serving, dtype))
    except ConfigGap:
        return frozenset()


def _layers(
    kept: list[AttentionCache | CrossCache | LatentCache],
    config: ModelConfig,
    architecture: Architecture,
    serving: Serving,
    dtype: str,
) -> Iterator[Layer]:
    joined = serving.joined_inputs and not (
        config.architecture in GEMMA_4
        and serving.attention_backend == FLASH
        and serving.compute is not None
        and serving.compute[0] == HOPPER
    )
    always = {
        need
        for need, there in (
            (SINKS, architecture.sinks),
            (JOINED, joined),
            (SCALED, serving.scaled_heads),
        )
        if there
    }
    cache = serving.kv_cache_dtype
    for each in kept:
        if isinstance(each, LatentCache):
            yield Layer(
                each.latent + each.rope,
                "auto" if cache == "bfloat16" and config.architecture == DEEPSEEK else cache,
                dtype,
                SPARSE if each.sparse else LATENT,
                unplaced=config.size("qk_nope_head_dim"),
                queries=config.count("num_attention_heads") // serving.tensor_parallel_size,
            )
        elif each.head_dim == each.v_head_dim:
            own = {CROSS} if isinstance(each, CrossCache) else {WINDOW} if each.window else set()
            yield Layer(each.head_dim, cache, dtype, needs=frozenset(always | own))
