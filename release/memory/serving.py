"""How a model is served: vLLM's options, as far as they decide about memory."""

import msgspec

from release.memory.versions import (
    NEWEST,
    Version,
    caches_hybrid_prefixes,
    counts_steps_in_flight,
    parse_version,
)

Capability = tuple[int, int]  # of CUDA: 9.0 is (9, 0)

DATACENTER_BLACKWELL = 10  # the capability's first number
DEFAULT_BLOCK = 16  # vLLM 0.32 config/cache.py, DEFAULT_BLOCK_SIZE


class Serving(msgspec.Struct, frozen=True):
    """Options of `vllm serve`, by the names vLLM gives them; None is vLLM's default.

    `block_size` is the kernel's smallest block in tokens, else it is what the attention backend
    prefers: the one that is named, or the first choice for a GPU of capability `compute`, which
    is another where the tokens of an image see each other (`joined_inputs`). `dtype` is the
    model's. `num_speculative_tokens` are those of the model's own multi-token prediction
    head. `scaled_heads`: the checkpoint has scales of the KV cache for every head. `backends` are
    the attention backends that take its layers, none where they are not known.
    """

    vllm: str = NEWEST
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    kv_cache_dtype: str = "auto"
    mamba_cache_dtype: str = "auto"
    mamba_ssm_cache_dtype: str = "auto"
    max_num_batched_tokens: int = 2048
    block_size: int | None = None
    attention_backend: str | None = None
    compute: Capability | None = None
    dtype: str = "auto"
    scaled_heads: bool = False
    backends: tuple[str, ...] = ()
    joined_inputs: bool = False
    enable_prefix_caching: bool | None = None
    num_speculative_tokens: int = 0
    async_scheduling: bool = True
    disable_hybrid_kv_cache_manager: bool = False
    num_gpu_blocks_override: int | None = None

    @property
    def version(self) -> Version:
        """Of vLLM. Raises `ReleaseError`."""
        return parse_version(self.vllm)

    @property
    def datacenter_blackwell(self) -> bool:
        """Whether the GPU is a B200, a B300 or one like them."""
        return self.compute is not None and self.compute[0] == DATACENTER_BLACKWELL

    @property
    def aligned_states(self) -> bool:
        """Whether recurrent states are kept at block borders too (mamba cache mode "align")."""
        if self.enable_prefix_caching is not None:
            return self.enable_prefix_caching
        return caches_hybrid_prefixes(self.version)

    @property
    def tokens_in_flight(self) -> int:
        """Tokens scheduled and not yet settled: one step of each concurrent batch.

        Source: vLLM 0.32 config/vllm.py, max_concurrent_batches with the V2 model runner.
        """
        if not counts_steps_in_flight(self.version):
            return self.max_num_batched_tokens
        batches = self.pipeline_parallel_size + (1 if self.async_scheduling else 0)
        return batches * self.max_num_batched_tokens
