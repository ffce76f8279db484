"""Bytes and blocks that a recurrent layer keeps for one sequence."""

from math import prod

from release.architecture.recurrent import RecurrentCache
from release.memory import NotModelled
from release.memory.dtypes import MODEL_DTYPES
from release.memory.serving import Serving

CHECKPOINTS_SINCE = (0, 32)


def state_bytes(cache: RecurrentCache, dtype: str, serving: Serving) -> int:
    """Bytes of one sequence's state in one layer on one rank, before padding.

    `dtype` is the model's. Source: vLLM 0.32 model_executor/layers/mamba/mamba_utils.py,
    MambaStateShapeCalculator and MambaStateDtypeCalculator. Raises `NotModelled`.
    """
    ranks = serving.tensor_parallel_size
    conv = dtype if serving.mamba_cache_dtype == "auto" else serving.mamba_cache_dtype
    state = serving.mamba_ssm_cache_dtype
    if state == "auto":
        state = cache.state_dtype or conv
    strange = next((name for name in (conv, state) if name not in MODEL_DTYPES), None)
    if strange is not None:
        raise NotModelled(f"the state's dtype {strange!r:.40} has no size we know")
    rows, channels = cache.conv_shape
    if cache.groups and cache.groups % ranks:
        channels += 2 * (ranks - cache.groups) * cache.state_shape[-1]
    if channels % ranks or (cache.state_shape and cache.state_shape[0] % ranks):
        raise NotModelled(f"the recurrent state cannot be split over {ranks} GPUs")
    if rows and cache.speculates:
        rows += serving.num_speculative_tokens
    elements = prod(cache.state_shape) // ranks if cache.state_shape else 0
    return rows * channels // ranks * MODEL_DTYPES[conv] + elements * MODEL_DTYPES[state]


def state_blocks(cache: RecurrentCache, serving: Serving) -> int:
    """How many blocks one sequence's state takes in one layer.

    Source: vLLM 0.32 v1/kv_cache_interface.py, MambaSpec.max_memory_usage_bytes.
    Raises `NotModelled`.
    """
    blocks = 1 + serving.num_speculative_tokens
    if not serving.aligned_states:
        return blocks
    if cache.checkpoints and serving.version < CHECKPOINTS_SINCE:
        raise NotModelled(
            f"vLLM {serving.vllm} caches prefixes of this model in a way that is not modelled:"
            " see --no-enable-prefix-caching"
        )
    return blocks + 1 + cache.checkpoints
