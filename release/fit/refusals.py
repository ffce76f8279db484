"""Options that vLLM refuses whatever the memory."""

from release.architecture import Architecture, ModelConfig
from release.architecture.attention import AttentionCache
from release.architecture.config import ConfigGap
from release.architecture.family import numbered
from release.fit.subject import Subject
from release.memory.defaults import Settled
from release.memory.gpus import Gpu
from release.memory.model import endless, longest_length
from release.memory.options import Options
from release.unknown import Unknown


def refusal(subject: Subject, settled: Settled, options: Options, gpu: Gpu | None) -> str | None:
    """Why vLLM refuses these options for this model, on this GPU if one is named.

    Sources: vLLM 0.32 config/model.py, verify_with_parallel_config and _get_and_verify_max_len;
    config/scheduler.py, verify_max_model_len; models/llama.py, LlamaAttention;
    layers/quantization/compressed_tensors, get_min_capability of each scheme.
    """
    serving, config = settled.serving, subject.config
    limit = longest_length(config, serving.version)
    above = settled.length is not None and not isinstance(limit, Unknown) and settled.length > limit
    if above and not options.any_length:
        return f"--max-model-len {settled.length:,} is more than the model's {limit:,} tokens"
    if settled.length is None and endless(config):
        return "--max-model-len auto: its config states no length to start from"
    if serving.max_num_batched_tokens < settled.sequences:
        tokens = f"{serving.max_num_batched_tokens:,} tokens a step"
        return f"{tokens} are fewer than max_num_seqs ({settled.sequences:,})"
    whole = settled.length or settled.limit
    if options.enable_chunked_prefill is False and serving.max_num_batched_tokens < whole:
        tokens = f"{serving.max_num_batched_tokens:,} tokens a step"
        return f"{tokens} are fewer than a request's {whole:,}, which are not chunked"
    return _lacks_kernels(subject, gpu) or _lacks_stages(subject, settled)


def _lacks_kernels(subject: Subject, gpu: Gpu | None) -> str | None:
    """Why no kernel of this GPU reads the weights."""
    least, compute = subject.capability, gpu.compute if gpu else None
    if gpu is None or compute is None or least is None or compute >= least:
        return None
    needed, has = (f"{major}.{minor}" for major, minor in (least, compute))
    return f"its quantized weights need compute capability {needed}, {gpu.name} has {has}"


def _lacks_stages(subject: Subject, settled: Settled) -> str | None:
    """Why it cannot be split over so many GPUs."""
    serving, config = settled.serving, subject.config
    if serving.pipeline_parallel_size > 1 and not subject.architecture.loading.pipeline:
        return f"vLLM has no pipeline parallelism for {config.model_type}"
    return cannot_split(config, subject.architecture, serving.tensor_parallel_size)


def cannot_split(config: ModelConfig, architecture: Architecture, ranks: int) -> str | None:
    """Why attention cannot be split over `ranks` GPUs, if vLLM refuses that."""
    try:
        heads = config.count("num_attention_heads")
    except ConfigGap:
        return None
    if heads % ranks:
        return f"{heads} attention heads cannot be split over {ranks} GPUs"
    caches = architecture.caches
    kept = () if isinstance(caches, Unknown) else numbered(caches)
    groups = {cache.kv_heads for _, cache in kept if isinstance(cache, AttentionCache)}
    uneven = next((count for count in sorted(groups) if count % ranks and ranks % count), None)
    return None if uneven is None else f"{uneven} KV heads cannot be split over {ranks} GPUs"
