"""What vLLM's log says about memory: the one reader of these lines.

Whoever reads a log for other things (kernels, warnings) takes memory and cache figures from here.
Covers vLLM 0.17 to 0.32; a figure that a log does not hold is None.
"""

import ast
import re
from collections.abc import Callable
from typing import Any

import msgspec

from release.memory.options import Options
from release.units import GIB

AVAILABLE = r"(?:Available KV cache memory: |Explicitly set \(|Auto set \()"
Read = Callable[[str], Any]
NUMBER = r"(-?[\d.,]+)"


class EngineLog(msgspec.Struct, frozen=True):
    """One engine start. GiB as printed (two decimals), tokens as integers.

    `needed`, `available_for_it` and `longest` are those of the error that a length does not fit;
    `length` is what the concurrency is for. `state_blocks` is what max_num_seqs exceeded.
    """

    version: str | None = None
    model: str | None = None
    options: Options = Options()
    tensor_parallel_size: int | None = None
    pipeline_parallel_size: int | None = None
    weights_gib: float | None = None
    load_seconds: float | None = None
    available_gib: float | None = None
    graphs_estimated_gib: float | None = None
    graphs_gib: float | None = None
    tokens: int | None = None
    length: int | None = None
    concurrency: float | None = None
    fitted_from: int | None = None
    fitted_to: int | None = None
    block: int | None = None
    padding: float | None = None
    aligned: bool = False
    fp8_cache: bool = False
    needed_gib: float | None = None
    available_for_it_gib: float | None = None
    longest: int | None = None
    state_blocks: int | None = None
    asynchronous: bool | None = None
    free_before_gib: float | None = None
    requested_gib: float | None = None
    no_memory: bool = False
    out_of_memory: bool = False


def _int(text: str) -> int:
    return int(text.replace(",", ""))


# field -> (pattern with one group, how to read it). The last match counts: a log may hold a retry.
FIGURES: dict[str, tuple[str, Read]] = {
    "version": (r"(?:LLM engine \(v|vLLM API server version )(\d+\.\d+[\w.+-]*)", str),
    "load_seconds": (rf"Loading weights took {NUMBER} seconds", float),
    "tensor_parallel_size": (r"tensor_parallel_size=(\d+)", int),
    "pipeline_parallel_size": (r"pipeline_parallel_size=(\d+)", int),
    "weights_gib": (rf"Model loading took {NUMBER} Gi?B", float),
    # The others are a CPU's: what the user said, or what the machine has.
    "available_gib": (rf"{AVAILABLE}{NUMBER}", float),
    "graphs_estimated_gib": (rf"Estimated CUDA graph memory: {NUMBER} GiB", float),
    "graphs_gib": (rf"Graph capturing finished in \d+ secs, took {NUMBER} GiB", float),
    "tokens": (rf"KV cache size: {NUMBER} tokens", _int),
    "length": (rf"Maximum concurrency for {NUMBER} tokens per request", _int),
    "concurrency": (rf"tokens per request: {NUMBER}x", float),
    "fitted_from": (r"Auto-fit max_model_len: reduced from (\d+)", int),
    "fitted_to": (r"Auto-fit max_model_len: reduced from \d+ to (\d+)", int),
    "block": (r"Setting attention block size to (\d+) tokens", int),
    "padding": (r"Padding mamba page size by ([\d.]+)%", float),
    "needed_gib": (rf"max seq len \(\d+\), \({NUMBER} GiB KV cache is needed", float),
    "available_for_it_gib": (rf"available KV\s+cache\s+memory \({NUMBER} GiB\)", float),
    "longest": (r"estimated maximum model length is (\d+)", int),
    "state_blocks": (r"exceeds available Mamba cache\s+blocks \((\d+)\)", int),
    "asynchronous": (r"Asynchronous scheduling is (enabled|disabled)", "enabled".__eq__),
    "free_before_gib": (rf"Initial free memory: {NUMBER} GiB", float),
    "requested_gib": (rf"Requested memory: [\d.]+ \(util\), {NUMBER} GiB", float),
}
SIGNS = {
    "aligned": r"Mamba cache mode is set to 'align'",
    "fp8_cache": r"Using fp8(?:_e4m3|_e5m2)? data type to store kv cache",
    "no_memory": r"No available memory for the cache blocks",
    "out_of_memory": r"OutOfMemoryError|CUDA out of memory|Triton Error \[CUDA\]: out of memory",
}
ARGUMENTS = re.compile(r"non-default args: (\{.*\})")


def read_log(text: str) -> EngineLog:
    """Read one engine start's log."""
    found: dict[str, Any] = {}
    for field, (pattern, read) in FIGURES.items():
        matches = re.findall(pattern, text)
        if matches:
            value = _attempt(read, matches[-1].rstrip(".,"))
            if value is not None:
                found[field] = value
    for field, pattern in SIGNS.items():
        found[field] = re.search(pattern, text) is not None
    arguments = _arguments(text)
    model = arguments.get("model", arguments.get("model_tag"))
    options = {
        field: arguments[field]
        for field in Options.__struct_fields__
        if field in arguments and isinstance(arguments[field], int | float | str)
    }
    found["model"] = model if isinstance(model, str) else None
    return msgspec.convert({**found, "options": options}, EngineLog, strict=False)


def available_range(log: EngineLog) -> tuple[int, int] | None:
    """Bytes that were available for the cache: what two decimals leave open."""
    stated = log.available_gib if log.available_gib is not None else log.available_for_it_gib
    if stated is None:
        return None
    return int((stated - 0.005) * GIB), int((stated + 0.005) * GIB)


def _arguments(text: str) -> dict[str, Any]:
    """The arguments that vLLM prints as a Python dict; those that are no literals are left out."""
    match = ARGUMENTS.search(text)
    if match is None:
        return {}
    plain = re.sub(r"<[^<>]*>|\b[A-Za-z_]\w*\([^()]*\)", "None", match[1])
    try:
        value = ast.literal_eval(plain)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _attempt(read: Read, text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None
