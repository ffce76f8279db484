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

SINK = "sinks"  # the tensor
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

    None where the GPU or the release is not known, or no backend takes the layers.
    """
    if serving.attention_backend is not None:
        return (serving.attention_backend,)
    gpu, version = serving.compute, serving.version
    if gpu is None or version < HELD:
        return ()
    layers = layers_of(config, architecture, serving, dtype)
    names = {choose(layer, gpu, version) for layer in layers}
    return () if None in names else tuple(sorted(cast("set[str]", names)))


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
    sinks = any(SINK in module.tensors for module in architecture.modules.values())
    always = {
        need
        for need, there in (
            (SINKS, sinks),
            (JOINED, serving.joined_inputs),
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
