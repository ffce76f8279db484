"""Options that vLLM refuses whatever the memory."""

from collections.abc import Iterator

from release.fit.attention import lacks_attention
from release.fit.declared import lacks_declared
from release.fit.splitting import Ranks, cannot_split
from release.fit.subject import Subject
from release.memory.defaults import Settled
from release.memory.gpus import TURING, Gpu
from release.memory.model import AMPERE, WIDE, endless, lacks_dtype, longest_length, serving_dtype
from release.memory.options import Options
from release.memory.versions import NEWEST, Version, is_newer
from release.quantization.config import METHOD, find_quantization
from release.unknown import Unknown

E5M2 = "fp8_e5m2"
# The first release whose wheels are known to be for CUDA 13 and GPUs since Turing: vLLM 0.20
# CMakeLists.txt, docker/versions.json.
WITHOUT_VOLTA = (0, 20)


def refusal(subject: Subject, settled: Settled, options: Options, gpu: Gpu | None) -> str | None:
    """Why vLLM refuses these options for this model, on this GPU if one is named.

    Sources: vLLM 0.32 config/model.py, verify_with_parallel_config and _get_and_verify_max_len;
    config/scheduler.py, verify_max_model_len; models/llama.py, LlamaAttention; models/config.py,
    MambaModelConfig; v1/core/encoder_cache_manager.py, compute_mm_encoder_budget;
    layers/quantization/compressed_tensors, get_min_capability of each scheme.
    """
    return next(
        filter(
            None,
            (
                *_lacks_steps(subject, settled, options),
                _lacks_class(subject, settled),
                _lacks_parts(subject, options),
                _lacks_dtype(subject, settled),
                _lacks_cache(subject, settled),
                lacks_declared(subject, settled.serving.version, gpu),
                _lacks_kernels(subject, settled, gpu),
                _lacks_stages(subject, settled, options),
                lacks_attention(subject, settled, gpu),
            ),
        ),
        None,
    )


def _lacks_steps(subject: Subject, settled: Settled, options: Options) -> Iterator[str]:
    """Why requests do not go with the model's length, or with the tokens of a step."""
    serving = settled.serving
    limit = longest_length(subject.config, serving.version)
    above = settled.length is not None and not isinstance(limit, Unknown) and settled.length > limit
    if above and not options.any_length:
        yield f"--max-model-len {settled.length:,} is more than the model's {limit:,} tokens"
    if settled.length is None and endless(subject.config):
        yield "--max-model-len auto: its config states no length to start from"
    tokens = f"{serving.max_num_batched_tokens:,} tokens a step are fewer than"
    if serving.max_num_batched_tokens < settled.sequences:
        yield f"{tokens} max_num_seqs ({settled.sequences:,})"
    whole = settled.length or settled.limit
    if options.enable_chunked_prefill is False and serving.max_num_batched_tokens < whole:
        yield f"{tokens} a request's {whole:,}, which are not chunked"
    if options.enable_chunked_prefill is False and serving.aligned_states and subject.recurrent:
        yield "--no-enable-chunked-prefill: the prefixes of a hybrid are cached in chunks"
    least = 0 if settled.text_only else subject.traits.least_step
    if serving.max_num_batched_tokens < least:
        yield f"{tokens} a video's {least:,}, which are not cut"
    sizes, largest = options.cudagraph_capture_sizes, options.max_cudagraph_capture_size
    if sizes and largest and max(sizes) != largest:
        yield f"--max-cudagraph-capture-size {largest} is not the largest of the sizes given"


def _lacks_class(subject: Subject, settled: Settled) -> str | None:
    """Why this release of vLLM has no class for the model."""
    name, version = subject.config.architecture, settled.serving.version
    if subject.releases is None:
        return None if is_newer(version) else f"no vLLM up to {NEWEST} has a class {name:.60}"
    first, last = map(_minor, subject.releases)
    what = f"vLLM {settled.serving.vllm} has no class {name:.60}"
    if first is not None and version < first:
        return f"{what}: it came with {subject.releases[0]}"
    if last is not None and version > last:
        return f"{what}: {subject.releases[1]} was the last that had it"
    return None


def _minor(release: str | None) -> Version | None:
    if release is None:
        return None
    major, minor = release.split(".")[:2]
    return int(major), int(minor)


def _lacks_parts(subject: Subject, options: Options) -> str | None:
    """Which part an option asks for that the model has not.

    Sources: vLLM 0.32 config/model.py, _verify_with_expert_parallelism; config/speculative.py.
    """
    if options.enable_expert_parallel and not subject.sparse:
        return "--enable-expert-parallel: the model has no experts"
    if options.speculative_tokens and not subject.architecture.drafting_layers:
        return "--speculative-config mtp: config.json names no MTP head"
    if options.draft_unstated and not subject.architecture.mtp_layers:
        return "--speculative-config: it needs num_speculative_tokens, config.json states none"
    return None


def _lacks_dtype(subject: Subject, settled: Settled) -> str | None:
    """Why it does not run in its dtype. Source: vLLM 0.32 config/vllm.py, supported_act_dtypes."""
    serving = settled.serving
    asked = serving.dtype
    old = serving.compute is not None and serving.compute < AMPERE
    why = None if asked == "auto" else lacks_dtype(subject.config, asked, old=old)
    if why:
        return f"--dtype {asked}: {why}"
    dtype = serving_dtype(subject.config, asked, serving.compute)
    if subject.method == "mxfp4" and dtype == "float16":
        return "it runs in float16 here, and vLLM's MXFP4 takes bfloat16 alone"
    wide = dtype == WIDE
    stored = not isinstance(subject.quantization, Unknown) and subject.quantization.groups
    return "it runs in float32 here, which quantized weights do not" if wide and stored else None


def _lacks_cache(subject: Subject, settled: Settled) -> str | None:
    """Why the cache's dtype does not go with scales that the checkpoint may bring.

    Source: vLLM 0.32 layers/attention/attention.py, _init_kv_cache_quant.
    """
    if settled.serving.kv_cache_dtype != E5M2:
        return None
    _, declared = find_quantization(subject.config.raw) or ("", {})
    method = subject.method or ""
    scaled = method == METHOD and declared.get("kv_cache_scheme") is not None
    if scaled or method == "fp8" or method.startswith("modelopt"):
        return f"--kv-cache-dtype {E5M2}: not for a checkpoint that may hold scales of the cache"
    return None


def _lacks_kernels(subject: Subject, settled: Settled, gpu: Gpu | None) -> str | None:
    """Why no kernel of this GPU reads the weights, or vLLM's wheels have none for it at all."""
    if gpu is None or gpu.compute is None:
        return None
    wheels = settled.serving.version >= WITHOUT_VOLTA and gpu.compute < TURING
    who, least = ("vLLM", TURING) if wheels else ("its quantized weights", subject.capability)
    if least is None or gpu.compute >= least:
        return None
    needs = f"{who} need{'s' if wheels else ''} compute capability {least[0]}.{least[1]}"
    return f"{needs}, {gpu.name} has {gpu.capability}"


def _lacks_stages(subject: Subject, settled: Settled, options: Options) -> str | None:
    """Why it cannot be split over so many GPUs."""
    serving, config = settled.serving, subject.config
    if serving.pipeline_parallel_size > 1 and not subject.architecture.loading.pipeline:
        return f"vLLM has no pipeline parallelism for {config.model_type}"
    ranks = Ranks(
        serving.tensor_parallel_size, bool(options.enable_expert_parallel), serving.version
    )
    return cannot_split(config, subject.architecture, subject.parts, ranks)
