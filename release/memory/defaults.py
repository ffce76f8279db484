"""What vLLM takes where an option is not given."""

import msgspec

from release.memory.gpus import Gpu
from release.memory.options import AUTO, Options
from release.memory.serving import Serving
from release.memory.versions import default_utilization, parse_version
from release.units import GIB

# (least memory of the GPU in bytes, sequences, tokens of a step of `vllm serve`); A100s count as
# smaller. Source: vLLM 0.32 engine/arg_utils.py, get_batch_defaults.
BATCHES = ((160 * GIB, 1024, 16_384), (70 * GIB, 1024, 8192), (0, 256, 2048))
AMPERE_DATACENTER = "A100"
LARGEST_CAPTURE = 512  # sequences; vLLM 0.32 config/vllm.py, max_cudagraph_capture_size


class Settled(msgspec.Struct, frozen=True):
    """All that decides, with vLLM's defaults filled in.

    `length` is max_model_len, None for auto; `limit` the model's own longest context in tokens.
    """

    serving: Serving
    utilization: float
    sequences: int
    eager: bool
    text_only: bool
    length: int | None
    limit: int
    cache_bytes: int | None

    @property
    def captured(self) -> int:
        """The largest batch that CUDA graphs are captured for; 0 without graphs."""
        return 0 if self.eager else min(2 * self.sequences, LARGEST_CAPTURE)


def settle(
    options: Options, vllm: str, gpu: Gpu | None, limit: int, *, calibrated: bool
) -> Settled:
    """Fill in the defaults of a vLLM release on a GPU (without one: those of a small GPU).

    `calibrated` says that the checkpoint declares an FP8 KV cache, which "auto" then takes.
    Raises `ReleaseError` on a release that is not modelled.
    """
    version = parse_version(vllm)
    sequences, tokens = _batch(gpu)
    sequences = options.max_num_seqs or sequences
    given = options.max_num_batched_tokens
    if options.max_num_seqs is None and given is not None:
        sequences = min(sequences, given)
    auto = options.max_model_len == AUTO
    length = limit if options.max_model_len is None else options.max_model_len
    if options.max_num_batched_tokens is None:
        tokens = min(tokens, sequences * (limit if auto else length))
    cache = options.kv_cache_dtype or "auto"
    serving = Serving(
        vllm=vllm,
        tensor_parallel_size=options.tensor_parallel_size or 1,
        pipeline_parallel_size=options.pipeline_parallel_size or 1,
        kv_cache_dtype="fp8" if cache == "auto" and calibrated else cache,
        mamba_cache_dtype=options.mamba_cache_dtype or "auto",
        mamba_ssm_cache_dtype=options.mamba_ssm_cache_dtype or "auto",
        max_num_batched_tokens=options.max_num_batched_tokens or tokens,
        block_size=options.block_size,
        enable_prefix_caching=options.enable_prefix_caching,
        num_speculative_tokens=options.speculative_tokens or 0,
        async_scheduling=options.async_scheduling is not False,
        disable_hybrid_kv_cache_manager=bool(options.disable_hybrid_kv_cache_manager),
        num_gpu_blocks_override=options.num_gpu_blocks_override,
    )
    return Settled(
        serving=serving,
        utilization=options.gpu_memory_utilization or default_utilization(version),
        sequences=sequences,
        eager=bool(options.enforce_eager),
        text_only=bool(options.language_model_only),
        length=None if auto else length,
        limit=limit,
        cache_bytes=options.kv_cache_memory_bytes,
    )


def _batch(gpu: Gpu | None) -> tuple[int, int]:
    for least, sequences, tokens in BATCHES:
        large = gpu is not None and gpu.low >= least
        if least == 0 or (large and not (gpu and AMPERE_DATACENTER in gpu.name)):
            return sequences, tokens
    raise AssertionError
