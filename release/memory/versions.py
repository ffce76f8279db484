"""What changed in vLLM between releases, read from the sources of 0.17.0 to 0.32.0."""

import re

from release.errors import ReleaseError

NEWEST = "0.32.0"  # the release that tests hold us to
OLDEST = (0, 17)
PATTERN = re.compile(r"v?(\d+)\.(\d+)(\.\d+)*([.+-]?[a-z].*)?")

Version = tuple[int, int]


def parse_version(text: str) -> Version:
    """Read `0.32.0` as (0, 32). Raises `ReleaseError` if it is none, or older than 0.17."""
    match = PATTERN.fullmatch(text)
    if match is None:
        raise ReleaseError(f"{text!r:.40} is not a version of vLLM", hint=f"as in {NEWEST}")
    version = int(match[1]), int(match[2])
    if version < OLDEST:
        raise ReleaseError(f"vLLM {text} is older than what is modelled", hint="0.17.0 or later")
    return version


def is_newer(version: Version) -> bool:
    """Whether a release is newer than what is modelled."""
    return version > parse_version(NEWEST)


def default_utilization(version: Version) -> float:
    """Share of the GPU that vLLM takes: config/cache.py, gpu_memory_utilization."""
    return 0.92 if version >= (0, 20) else 0.9


def caches_hybrid_prefixes(version: Version) -> bool:
    """Whether prefix caching is on by default for models with recurrent layers.

    Source: config/model.py, is_prefix_caching_supported.
    """
    return version >= (0, 26)


def reserves_null_block(version: Version) -> bool:
    """Whether the check of max_model_len leaves out the block that is never handed out.

    Source: v1/core/kv_cache_utils.py, get_kv_cache_configs.
    """
    return version >= (0, 29)


def counts_steps_in_flight(version: Version) -> bool:
    """Whether windows reserve for every concurrent step, not for one.

    Source: v1/kv_cache_interface.py, SlidingWindowSpec.
    """
    return version >= (0, 26)


def subtracts_graphs(version: Version) -> bool:
    """Whether CUDA graphs are estimated and left out of the cache's share.

    Source: envs.py, VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS.
    """
    return version >= (0, 20)


def checks_state_blocks(version: Version) -> bool:
    """Whether max_num_seqs above the number of state blocks is an error (with CUDA graphs).

    Source: v1/worker/gpu_model_runner.py; in 0.18 and 0.19 the captured sizes were cut instead.
    """
    return version >= (0, 20)


def rehearsed_blocks(version: Version, sequences: int, captured: int, *, stateful: bool) -> int:
    """Blocks of the cache that CUDA graphs are profiled with; 0 where that is not certain.

    `captured` is the largest captured batch. Sources: v1/worker/gpu_model_runner.py and
    v1/worker/gpu/cudagraph_utils.py, _init_minimal_kv_cache_for_profiling: not in 0.17; before
    0.32 the V2 model runner, which models without states may have had, does not profile.
    """
    if version < (0, 18) or (version < (0, 32) and not stateful):
        return 0
    return captured if version < (0, 25) else min(sequences, captured)


def tokens_are_of_one_group(version: Version) -> bool:
    """Whether the printed size of the cache is num_blocks / groups * block size.

    Source: v1/core/kv_cache_utils.py; since 0.21 it is concurrency * max_model_len.
    """
    return version < (0, 21)


def samples_in_place(version: Version) -> bool:
    """Whether every model is sampled from without a sorted copy of its logits.

    Source: config/vllm.py, use_v2_model_runner, which leaves out no model since then.
    """
    return version >= (0, 32)


def latent_alignment(version: Version) -> int:
    """Tokens that blocks of latent attention beside recurrent states are a multiple of.

    Sources: models/config.py, HybridAttentionMambaModelConfig, before 0.20; since then
    platforms/interface.py, _align_hybrid_block_size, which until 0.27 took what the kernel takes.
    """
    if version < (0, 20):
        return 64
    return 16 if version < (0, 27) else 128


def keeps_latent_pages(version: Version) -> bool:
    """Whether latent attention's workspace holds a page of each request, however large those are.

    Source: layers/attention/mla_attention.py, determine_chunked_prefill_workspace_size.
    """
    return version < (0, 28)


def scales_yarn(version: Version) -> bool:
    """Whether a context stretched by YaRN is its original length times the factor, not as stated.

    Source: config/model.py, _get_and_verify_max_len.
    """
    return version < (0, 30)
