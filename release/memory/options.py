"""Options of `vllm serve` that decide about memory, spelled as vLLM spells them."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.memory.dtypes import CACHE_DTYPES

AUTO = -1  # --max-model-len auto
SUFFIX = re.compile(r"(\d+(?:\.\d+)?)([kKmMgGtT])")
STEPS = {"k": 1, "m": 2, "g": 3, "t": 4}


class Options(msgspec.Struct, frozen=True):
    """What was given on a command line; None is vLLM's default.

    `speculative_tokens` are those of --speculative-config with the model's own MTP head.
    """

    tensor_parallel_size: int | None = None
    pipeline_parallel_size: int | None = None
    kv_cache_dtype: str | None = None
    mamba_cache_dtype: str | None = None
    mamba_ssm_cache_dtype: str | None = None
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    gpu_memory_utilization: float | None = None
    kv_cache_memory_bytes: int | None = None
    num_gpu_blocks_override: int | None = None
    block_size: int | None = None
    enable_prefix_caching: bool | None = None
    async_scheduling: bool | None = None
    enforce_eager: bool | None = None
    language_model_only: bool | None = None
    disable_hybrid_kv_cache_manager: bool | None = None
    speculative_tokens: int | None = None


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
    return AUTO if text.strip().lower() in {"auto", "-1"} else human_int(text)


def cache_dtype(text: str) -> str:
    """Read --kv-cache-dtype."""
    if text not in CACHE_DTYPES:
        raise ValueError(f"not one of {', '.join(sorted(CACHE_DTYPES))}")
    return text


def speculative(text: str) -> int:
    """Read --speculative-config: only the model's own MTP head is modelled."""
    tokens = drafted_tokens(json.loads(text))
    if tokens is None:
        raise ValueError('only {"method": "mtp", ...} is modelled')
    return tokens


def drafted_tokens(config: Any) -> int | None:
    """Tokens that the model's own head drafts; None if something else does."""
    if not isinstance(config, dict) or config.get("model") is not None:
        return None
    method, tokens = config.get("method"), config.get("num_speculative_tokens", 1)
    own = isinstance(method, str) and (method == "mtp" or method.endswith("_mtp"))
    return tokens if own and type(tokens) is int and tokens > 0 else None


Parse = Callable[[str], Any]

# vLLM's option -> (our field, how to read it). None reads nothing: a switch.
TABLE: dict[str, tuple[str, Parse | None]] = {
    "--tensor-parallel-size": ("tensor_parallel_size", int),
    "--pipeline-parallel-size": ("pipeline_parallel_size", int),
    "--kv-cache-dtype": ("kv_cache_dtype", cache_dtype),
    "--mamba-cache-dtype": ("mamba_cache_dtype", str),
    "--mamba-ssm-cache-dtype": ("mamba_ssm_cache_dtype", str),
    "--max-model-len": ("max_model_len", length),
    "--max-num-seqs": ("max_num_seqs", human_int),
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
}
ALIASES = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-sc": "--speculative-config",
}
# They change how memory is used in ways that are not modelled.
UNMODELLED = frozenset(
    {
        *("--decode-context-parallel-size", "-dcp", "--prefill-context-parallel-size"),
        *("--cpu-offload-gb", "--enable-lora", "--kv-transfer-config", "--kv-offloading-size"),
        *("--kv-cache-dtype-skip-layers", "--disable-sliding-window", "--use-replayssm"),
        "--hf-overrides",
    }
)


class Command(msgspec.Struct, frozen=True):
    """A `vllm serve` command: the model, what counts for memory, and all else.

    `ignored` holds options that do not count; `unmodelled` those that do and are not modelled.
    """

    model: str | None
    options: Options
    ignored: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()


def parse_command(text: str) -> Command:
    """Read a pasted command; line ends that are escaped are fine.

    Raises `ReleaseError` where it is no `vllm serve`, or a value cannot be read.
    """
    try:
        words = shlex.split(text, comments=True)
    except ValueError as error:
        raise ReleaseError(
            f"the command cannot be read: {error}", hint="check its quotes"
        ) from None
    words = [word for word in words if word.strip()]
    for i in range(len(words) - 1):
        if words[i].rpartition("/")[2] == "vllm" and words[i + 1] == "serve":
            return _read(words[i + 2 :])
    raise ReleaseError("the command is not `vllm serve ...`", hint="paste all of it, quoted")


def _read(words: list[str]) -> Command:
    given: dict[str, Any] = {}
    loose: list[str] = []
    other: list[str] = []
    queue = iter(words)
    for word in queue:
        if not word.startswith("-"):
            loose.append(word)
            continue
        name, equals, attached = word.partition("=")
        name = ALIASES.get(name, name.replace("_", "-"))
        value = attached if equals else None
        plain = name.replace("--no-", "--", 1)
        if name == "--model":
            loose.insert(0, value if value is not None else next(queue, ""))
        elif name == "--limit-mm-per-prompt":
            given["language_model_only"] = _no_inputs(value or next(queue, ""))
        elif plain in TABLE:
            field, parse = TABLE[plain]
            given[field] = _value(name, parse, value, queue)
        else:
            other.append(name)
    # The values of options that we have no table of are loose words too.
    named = bool(words) and not words[0].startswith("-")
    model = (loose[0] if named or "--model" in words else loose[-1]) if loose else None
    return Command(
        model,
        Options(**given),
        tuple(name for name in other if name not in UNMODELLED),
        tuple(name for name in other if name in UNMODELLED),
    )


def _value(name: str, parse: Parse | None, value: str | None, queue: Iterator[str]) -> Any:
    if parse is None:
        return not name.startswith("--no-")
    text = value if value is not None else next(queue, None)
    if text is None:
        raise ReleaseError("has no value", where=name)
    try:
        return parse(text)
    except (ValueError, TypeError, OverflowError) as error:
        raise ReleaseError(f"{text!r:.60} cannot be read: {error}", where=name) from None


def _no_inputs(text: str) -> bool | None:
    """Whether --limit-mm-per-prompt leaves nothing but text, so that towers are not loaded."""
    try:
        limits = json.loads(text)
    except ValueError:
        return None
    return (isinstance(limits, dict) and bool(limits) and not any(limits.values())) or None


def write_command(model: str, options: Options) -> str:
    """Write the command, quoted for a shell."""
    words = ["vllm", "serve", model]
    for name, (field, parse) in TABLE.items():
        value = getattr(options, field)
        if value is None:
            continue
        if parse is None:
            words.append(name if value else name.replace("--", "--no-", 1))
        elif parse is speculative:
            words += [name, json.dumps({"method": "mtp", "num_speculative_tokens": value})]
        elif field == "max_model_len" and value == AUTO:
            words += [name, "auto"]
        else:
            words += [name, str(value)]
    return shlex.join(words)
