"""Options of `vllm serve` that decide about memory, spelled as vLLM spells them."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from release.errors import ReleaseError
from release.memory.dtypes import CACHE_DTYPES, SPELLINGS

AUTO = -1  # --max-model-len auto
SUFFIX = re.compile(r"(\d+(?:\.\d+)?)([kKmMgGtT])")
NUMBER = re.compile(r"\s*-?[\d.]+[kKmMgGtT]?\s*$")
PLACEHOLDER = re.compile(r"[$<{]")
STEPS = {"k": 1, "m": 2, "g": 3, "t": 4}
LARGEST = 1 << 53
EXECUTORS = ("external_launcher", "mp", "ray", "uni")
DTYPES = ("auto", "bfloat16", "float", "float16", "float32", "half")  # of a model

Positive = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
Length = Annotated[int, msgspec.Meta(ge=AUTO, le=LARGEST)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
CudagraphMode = Literal["NONE", "PIECEWISE", "FULL", "FULL_DECODE_ONLY", "FULL_AND_PIECEWISE"]


class Options(msgspec.Struct, frozen=True):
    """What was given on a command line; None is vLLM's default.

    `speculative_tokens` are those of --speculative-config with the model's own MTP head. The last
    are parts of options: kinds of input that --limit-mm-per-prompt leaves out, and what
    --compilation-config says of CUDA graphs. `any_length` is VLLM_ALLOW_LONG_MAX_MODEL_LEN,
    `draft_unstated` a --speculative-config that does not say how many tokens.
    """

    tensor_parallel_size: Positive | None = None
    pipeline_parallel_size: Positive | None = None
    kv_cache_dtype: str | None = None
    mamba_cache_dtype: str | None = None
    mamba_ssm_cache_dtype: str | None = None
    max_model_len: Length | None = None
    max_num_seqs: Positive | None = None
    max_num_batched_tokens: Positive | None = None
    gpu_memory_utilization: Share | None = None
    kv_cache_memory_bytes: Positive | None = None
    num_gpu_blocks_override: Positive | None = None
    block_size: Positive | None = None
    enable_prefix_caching: bool | None = None
    async_scheduling: bool | None = None
    enforce_eager: bool | None = None
    language_model_only: bool | None = None
    disable_hybrid_kv_cache_manager: bool | None = None
    speculative_tokens: Positive | None = None
    enable_chunked_prefill: bool | None = None
    performance_mode: Literal["balanced", "interactivity", "throughput"] | None = None
    distributed_executor_backend: str | None = None
    attention_backend: str | None = None
    data_parallel_size: Positive | None = None
    mm_encoder_tp_mode: Literal["weights", "data"] | None = None
    optimization_level: Literal[0, 1, 2, 3] | None = None
    max_cudagraph_capture_size: Positive | None = None
    withheld: tuple[str, ...] | None = None
    cudagraph_mode: CudagraphMode | None = None
    cudagraph_capture_sizes: tuple[Positive, ...] | None = None
    any_length: bool | None = None
    dtype: str | None = None
    enable_expert_parallel: bool | None = None
    draft_unstated: bool | None = None


FIELDS = Options.__struct_fields__


def overlay(over: Options, under: Options) -> Options:
    """Options of `over`, and where these are not given those of `under`."""
    pairs = {name: (getattr(over, name), getattr(under, name)) for name in FIELDS}
    return Options(**{name: a if a is not None else b for name, (a, b) in pairs.items()})


def human_int(text: str) -> int:
    """Read `8192`, `1k` (1,000), `1K` (1,024) or `25.6k`, as vLLM does."""
    match = SUFFIX.fullmatch(text.strip())
    if match is None:
        return int(text)
    number, suffix = match.groups()
    step = STEPS[suffix.lower()]
    return int(float(number) * 1000**step) if suffix.islower() else int(number) * 1024**step


def length(text: str) -> int:
    """Read --max-model-len: a number of tokens, or auto."""
    tokens = AUTO if text.strip().lower() == "auto" else human_int(text)
    if tokens == 0:
        raise ValueError("no request is that short")
    return tokens


def cache_dtype(text: str) -> str:
    """Read --kv-cache-dtype."""
    if text not in CACHE_DTYPES:
        raise ValueError(f"not one of {', '.join(sorted(CACHE_DTYPES))}")
    return text


def model_dtype(text: str) -> str:
    """Read --dtype."""
    if text not in DTYPES:
        raise ValueError(f"not one of {', '.join(DTYPES)}")
    return SPELLINGS.get(text, text)


def executor(text: str) -> str:
    """Read --distributed-executor-backend: one of vLLM's, or a class by its path."""
    if text not in EXECUTORS and "." not in text:
        raise ValueError(f"not one of {', '.join(EXECUTORS)}")
    return text


class NotModelledError(ValueError):
    """A value that vLLM takes and that no figure is known for."""


class NotModelled(ReleaseError):  # noqa: N818 - an answer of its own kind
    """An option for which nothing is estimated."""

    exit_code = 3


def speculative(text: str) -> int:
    """Read --speculative-config: only the model's own MTP head is modelled."""
    tokens = drafted_tokens(json.loads(text))
    if tokens is None:
        raise NotModelledError('of drafts only {"method": "mtp", ...} is modelled')
    return tokens


def drafted_tokens(config: Any) -> int | None:
    """Tokens that the model's own head drafts; None if something else does."""
    if not isinstance(config, dict) or config.get("model") is not None:
        return None
    method, tokens = config.get("method"), config.get("num_speculative_tokens", 1)
    own = isinstance(method, str) and (method == "mtp" or method.endswith("_mtp"))
    return tokens if own and type(tokens) is int and tokens > 0 else None


def optimization(text: str) -> int:
    """Read -O."""
    if "{" in text:
        raise ValueError("a level is 0 to 3, JSON is for --compilation-config")
    return int(text)


Parse = Callable[[str], Any]

# vLLM's option -> (our field, how to read it). None reads nothing: a switch.
TABLE: dict[str, tuple[str, Parse | None]] = {
    "--tensor-parallel-size": ("tensor_parallel_size", int),
    "--pipeline-parallel-size": ("pipeline_parallel_size", int),
    "--kv-cache-dtype": ("kv_cache_dtype", cache_dtype),
    "--mamba-cache-dtype": ("mamba_cache_dtype", str),
    "--mamba-ssm-cache-dtype": ("mamba_ssm_cache_dtype", str),
    "--max-model-len": ("max_model_len", length),
    "--max-num-seqs": ("max_num_seqs", int),
    "--max-num-batched-tokens": ("max_num_batched_tokens", human_int),
    "--gpu-memory-utilization": ("gpu_memory_utilization", float),
    "--kv-cache-memory-bytes": ("kv_cache_memory_bytes", human_int),
    "--num-gpu-blocks-override": ("num_gpu_blocks_override", int),
    "--block-size": ("block_size", int),
    "--enable-prefix-caching": ("enable_prefix_caching", None),
    "--async-scheduling": ("async_scheduling", None),
    "--enforce-eager": ("enforce_eager", None),
    "--language-model-only": ("language_model_only", None),
    "--disable-hybrid-kv-cache-manager": ("disable_hybrid_kv_cache_manager", None),
    "--speculative-config": ("speculative_tokens", speculative),
    "--enable-chunked-prefill": ("enable_chunked_prefill", None),
    "--performance-mode": ("performance_mode", str),
    "--distributed-executor-backend": ("distributed_executor_backend", executor),
    "--data-parallel-size": ("data_parallel_size", int),
    "--attention-backend": ("attention_backend", str.upper),
    "--mm-encoder-tp-mode": ("mm_encoder_tp_mode", str),
    "--optimization-level": ("optimization_level", optimization),
    "--max-cudagraph-capture-size": ("max_cudagraph_capture_size", int),
    "--dtype": ("dtype", model_dtype),
    "--enable-expert-parallel": ("enable_expert_parallel", None),
}
ALIASES = {
    "-O": "--optimization-level",
    "-ep": "--enable-expert-parallel",
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-sc": "--speculative-config",
}


def read_option(name: str, text: str) -> Any:
    """Read the value of an option of `TABLE`. Raises `ReleaseError` if vLLM would refuse it."""
    field, parse = TABLE[name]
    try:
        value = parse(text) if parse is not None else text
        msgspec.convert({field: value}, Options)
    except msgspec.ValidationError as error:
        why = str(error).partition(" - at ")[0].lower()
        raise ReleaseError(f"{text!r:.60} cannot be: {why}", where=name) from None
    except NotModelledError as error:
        raise NotModelled(f"not estimated: {error}", where=name) from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        if parse in {int, float, human_int, length} and not NUMBER.match(text):
            hint = "write its value" if PLACEHOLDER.search(text) else ""
            raise ReleaseError(f"{text!r:.60} is no number", where=name, hint=hint) from None
        raise ReleaseError(f"{text!r:.60} cannot be read: {error}", where=name) from None
    return value
