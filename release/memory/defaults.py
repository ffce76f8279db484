"""What vLLM takes where an option is not given."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from release.memory.gpus import Gpu
from release.memory.options import AUTO, Options
from release.memory.serving import DATACENTER_BLACKWELL, Serving
from release.memory.versions import default_utilization, parse_version
from release.units import GIB

# (least memory of the GPU in bytes, sequences, tokens of a step of `vllm serve`); A100s count as
# smaller. Source: vLLM 0.32 engine/arg_utils.py, get_batch_defaults.
BATCHES = ((160 * GIB, 1024, 16_384), (70 * GIB, 1024, 8192), (0, 256, 2048))
AMPERE_DATACENTER = "A100"
# Tokens of the largest batch that is captured, and on Blackwell in data centers; source: vLLM 0.32
# config/vllm.py, _set_cudagraph_sizes.
LARGEST_CAPTURE, LARGEST_ON_BLACKWELL = 512, 1024
SPARSE_FP8 = (0, 29)  # the release since which GLM-5 has another KV cache on B200s
WITHOUT_ASYNC = frozenset({"ray"})  # executors; vLLM 0.32 v1/executor, supports_async_scheduling


class Traits(msgspec.Struct, frozen=True):
    """What of a model decides about defaults.

    `calibrated` says that the checkpoint declares an FP8 KV cache, which "auto" then takes;
    `inputs` are the kinds without which vLLM leaves out its towers, `least_step` the tokens of one
    of them that cannot be cut into steps. `joined`: the tokens of one of them see each other.
    `by_head`: the checkpoint has scales of its cache for every head. `narrow_on_blackwell`: "auto"
    takes an FP8 cache on B200s.
    """

    calibrated: bool = False
    inputs: tuple[str, ...] = ()
    least_step: int = 0
    joined: bool = False
    by_head: bool = False
    narrow_on_blackwell: bool = False


class Settled(msgspec.Struct, frozen=True):
    """All that decides, with vLLM's defaults filled in.

    `length` is max_model_len, None for auto; `limit` the model's own longest context in tokens.
    `eager` is without compilation and CUDA graphs, `graphs` says which of them there are,
    `captured` is the largest batch that they are captured for in tokens, and `sizes` how many
    there are.
    """

    serving: Serving
    utilization: float
    sequences: int
    eager: bool
    text_only: bool
    length: int | None
    limit: int
    cache_bytes: int | None
    graphs: Literal["none", "piecewise", "full"] = "none"
    captured: int = 0
    sizes: int = 0
    whole_towers: bool = False


def settle(options: Options, vllm: str, gpu: Gpu | None, limit: int, traits: Traits) -> Settled:
    """Fill in the defaults of a vLLM release on a GPU (without one: those of a small GPU).

    Raises `ReleaseError` on a release that is not modelled.
    """
    version = parse_version(vllm)
    auto = options.max_model_len == AUTO
    length = limit if options.max_model_len is None else options.max_model_len
    auto_backend = options.attention_backend == "AUTO"
    text_only = withholds_all(options, traits)
    least = 0 if text_only else traits.least_step
    sequences, tokens = _steps(options, gpu, limit if auto else length, least)
    serving = Serving(
        vllm=vllm,
        tensor_parallel_size=options.tensor_parallel_size or 1,
        pipeline_parallel_size=options.pipeline_parallel_size or 1,
        kv_cache_dtype=_cache_dtype(options, vllm, gpu, traits),
        mamba_cache_dtype=options.mamba_cache_dtype or "auto",
        mamba_ssm_cache_dtype=options.mamba_ssm_cache_dtype or "auto",
        max_num_batched_tokens=tokens,
        block_size=options.block_size,
        attention_backend=None if auto_backend else options.attention_backend,
        joined_inputs=traits.joined and not text_only,
        compute=gpu.compute if gpu is not None else None,
        dtype=options.dtype or "auto",
        scaled_heads=traits.by_head,
        enable_prefix_caching=options.enable_prefix_caching,
        num_speculative_tokens=options.speculative_tokens or 0,
        async_scheduling=_asynchronous(options),
        disable_hybrid_kv_cache_manager=bool(options.disable_hybrid_kv_cache_manager),
        num_gpu_blocks_override=options.num_gpu_blocks_override,
    )
    eager = bool(options.enforce_eager) or options.optimization_level == 0
    settled = Settled(
        serving=serving,
        utilization=options.gpu_memory_utilization or default_utilization(version),
        sequences=sequences,
        eager=eager,
        text_only=text_only,
        length=None if auto else length,
        limit=limit,
        cache_bytes=options.kv_cache_memory_bytes,
        whole_towers=options.mm_encoder_tp_mode == "data",
    )
    return settled if eager else capture(settled, options)


def _cache_dtype(options: Options, vllm: str, gpu: Gpu | None, traits: Traits) -> str:
    """The KV cache dtype. Source: vLLM 0.32 models/config.py, GlmMoeDsaForCausalLM."""
    cache = options.kv_cache_dtype or "auto"
    if cache != "auto":
        return cache
    if traits.calibrated:
        return "fp8"
    compute = (gpu.compute if gpu else None) or (0, 0)
    new = compute[0] == DATACENTER_BLACKWELL and parse_version(vllm) >= SPARSE_FP8
    return "fp8_e4m3" if new and traits.narrow_on_blackwell else "auto"


def withholds_all(options: Options, traits: Traits) -> bool:
    """Whether no prompt has anything but text, so that there are no towers.

    Source: vLLM 0.32 model_executor/models/interfaces.py, _mark_tower_model.
    """
    withheld = options.withheld or ()
    return bool(options.language_model_only) or (
        bool(traits.inputs) and set(traits.inputs) <= set(withheld)
    )


def capture(settled: Settled, options: Options) -> Settled:
    """Add the CUDA graphs that a start captures.

    Source: vLLM 0.32 config/vllm.py, _set_cudagraph_sizes.
    """
    mode = options.cudagraph_mode or ("PIECEWISE" if options.optimization_level == 1 else "FULL")
    if mode == "NONE":
        return replace(settled, graphs="none")
    serving = settled.serving
    most = LARGEST_ON_BLACKWELL if serving.datacenter_blackwell else LARGEST_CAPTURE
    asked = 2 * settled.sequences * (1 + serving.num_speculative_tokens)
    largest = options.max_cudagraph_capture_size or min(asked, most)
    largest = min(largest, serving.max_num_batched_tokens)
    listed = options.cudagraph_capture_sizes
    if listed is not None:
        largest = max(
            (size for size in listed if size <= serving.max_num_batched_tokens), default=0
        )
    return replace(
        settled,
        graphs="piecewise" if mode == "PIECEWISE" else "full",
        captured=largest,
        sizes=capture_sizes(largest) if listed is None else len(set(listed)),
    )


def capture_sizes(largest: int) -> int:
    """How many batch sizes are captured: 1, 2, 4, then every 8 up to 256, every 16 beyond."""
    small = sum(1 for size in (1, 2, 4) if size <= largest)
    return small + min(largest, 248) // 8 + max(0, (largest - 240) // 16)


def _asynchronous(options: Options) -> bool:
    """Source: vLLM 0.32 config/vllm.py, where async_scheduling is None."""
    backend = options.distributed_executor_backend
    given = options.async_scheduling
    return backend not in WITHOUT_ASYNC if given is None else given


def _steps(options: Options, gpu: Gpu | None, length: int, least: int) -> tuple[int, int]:
    """Sequences and tokens of a step, where one input takes `least` tokens.

    Source: vLLM 0.32 engine/arg_utils.py, _set_default_max_num_seqs_and_batched_tokens_args.
    """
    default, tokens = _batch(gpu)
    if options.performance_mode == "throughput":
        default, tokens = 2 * default, 2 * tokens
    sequences = options.max_num_seqs or default
    if options.max_num_batched_tokens is not None:
        tokens = options.max_num_batched_tokens
    else:
        whole = length if options.enable_chunked_prefill is False else 0
        tokens = min(max(tokens, whole, least), sequences * length)
    return options.max_num_seqs or min(sequences, tokens), tokens


def _batch(gpu: Gpu | None) -> tuple[int, int]:
    for least, sequences, tokens in BATCHES:
        large = gpu is not None and gpu.low >= least
        if least == 0 or (large and not (gpu and AMPERE_DATACENTER in gpu.name)):
            return sequences, tokens
    raise AssertionError
