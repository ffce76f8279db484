"""What vLLM's log says about memory: the one reader of these lines.

Whoever reads a log for other things (kernels, warnings) takes memory and cache figures from here.
Covers vLLM 0.17 to 0.32; a figure that a log does not hold is None.
"""

import codecs
import re
from collections.abc import Callable
from typing import Any

import msgspec

from release.memory.arguments import Stated, read_arguments
from release.memory.starts import READY, last_start
from release.units import GIB

AVAILABLE = r"(?:Available KV cache memory: | GiB, reserved |Explicitly set \(|Auto set \()"
FREE = r"Free memory on device[^(\n]{0,40}\("
TOTAL = rf"(?:{FREE}[\d.]+/|total_memory=|has a total capacity of )"
Read = Callable[[str], Any]
NUMBER = r"(-?[\d.,]+)"
LARGEST = 1e15


class EngineLog(msgspec.Struct, frozen=True):
    """One engine start. GiB as printed (two decimals), tokens as integers.

    `needed`, `available_for_it` and `longest` are those of the error that a length does not fit;
    `length` is what the concurrency is for. `state_blocks` is what max_num_seqs exceeded. Of
    several workers `weights` is the most and `available` the least; `total` is what CUDA reports,
    `free` what of it was left at a start that this was too little for.
    `block` is what recurrent states need, `kernel_block` what a kernel prefers.
    """

    version: str | None = None
    stated: Stated = Stated()
    total_gib: float | None = None
    free_gib: float | None = None
    weights_gib: float | None = None
    load_seconds: float | None = None
    available_gib: float | None = None
    graphs_estimated_gib: float | None = None
    graphs_gib: float | None = None
    peak_gib: float | None = None
    other_gib: float | None = None
    tokens: int | None = None
    length: int | None = None
    concurrency: float | None = None
    fitted_from: int | None = None
    fitted_to: int | None = None
    block: int | None = None
    needed_gib: float | None = None
    available_for_it_gib: float | None = None
    longest: int | None = None
    state_blocks: int | None = None
    kernel_block: int | None = None
    asynchronous: bool | None = None
    no_memory: bool = False
    out_of_memory: bool = False
    started: bool = False

    @property
    def died_of_memory(self) -> bool:
        """Whether it ran out of memory before it had started."""
        return self.out_of_memory and not self.started


def _int(text: str) -> int:
    return int(text.replace(",", ""))


# field -> (pattern with one group, how to read it). Of several the last counts, if not below.
FIGURES: dict[str, tuple[str, Read]] = {
    "version": (r"(?:LLM engine \(v|server version |█ +version +)(\d+\.\d+[\w.+-]*)", str),
    "total_gib": (rf"{TOTAL}{NUMBER} ?GiB", float),
    "free_gib": (rf"{FREE}{NUMBER}/[\d.]+ GiB\)\s+on\s+startup\s+is\s+less", float),
    "weights_gib": (rf"Model loading took {NUMBER} Gi?B", float),
    "load_seconds": (rf"Loading weights took {NUMBER} seconds", float),
    # The others: --kv-cache-memory-bytes; a CPU's, what the user said or what the machine has.
    "available_gib": (rf"{AVAILABLE}{NUMBER}", float),
    "graphs_estimated_gib": (rf"Estimated CUDA graph memory: {NUMBER} GiB", float),
    "graphs_gib": (rf"Graph capturing finished in \d+ secs, took {NUMBER} GiB", float),
    "peak_gib": (rf"torch peak memory increase: {NUMBER} ?GiB", float),
    "other_gib": (rf"non-torch forward increase memory: {NUMBER} ?GiB", float),
    "tokens": (rf"KV cache size: {NUMBER} tokens", _int),
    "length": (rf"Maximum concurrency for {NUMBER} tokens per request", _int),
    "concurrency": (rf"tokens per request: {NUMBER}x", float),
    "fitted_from": (r"Auto-fit max_model_len: reduced from (\d+)", int),
    "fitted_to": (r"Auto-fit max_model_len: reduced from \d+ to (\d+)", int),
    "block": (r"Setting attention block size to (\d+) tokens", int),
    "kernel_block": (r"Setting kv cache block size to (\d+) for", int),
    "needed_gib": (rf"max seq len \(\d+\), \({NUMBER} GiB KV cache is needed", float),
    "available_for_it_gib": (rf"available KV\s+cache\s+memory \({NUMBER} GiB\)", float),
    "longest": (r"estimated maximum model length is (\d+)", int),
    "state_blocks": (r"exceeds available Mamba cache\s+blocks \((\d+)\)", int),
    "asynchronous": (r"Asynchronous scheduling is (enabled|disabled)", "enabled".__eq__),
}
SIGNS = {
    "no_memory": r"No available memory for the cache blocks",
    "out_of_memory": r"OutOfMemoryError|CUDA out of memory|Triton Error \[CUDA\]: out of memory",
    "started": r"init engine \(profile|" + "|".join(READY),
}
CHOOSE: dict[str, Callable[[list[Any]], Any]] = {
    "weights_gib": max,
    "available_gib": min,
    "free_gib": min,
}


def decode_log(raw: bytes) -> str:
    """The text of a log file: UTF-8, or UTF-16 where PowerShell wrote it."""
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if wide else "utf-8", "replace")


def read_log(text: str) -> EngineLog:
    """Read the last engine start in a log that came as far as its memory."""
    start = last_start(text)
    found: dict[str, Any] = {"stated": read_arguments(start)}
    for field, (pattern, read) in FIGURES.items():
        values = [_attempt(read, match.rstrip(".,")) for match in re.findall(pattern, start)]
        known = [value for value in values if value is not None]
        if known:
            found[field] = CHOOSE[field](known) if field in CHOOSE else known[-1]
    for field, pattern in SIGNS.items():
        found[field] = re.search(pattern, start) is not None
    return EngineLog(**found)


def available_range(log: EngineLog) -> tuple[int, int] | None:
    """Bytes that were available for the cache: what two decimals leave open."""
    stated = log.available_gib if log.available_gib is not None else log.available_for_it_gib
    if stated is None:
        return None
    return int((stated - 0.005) * GIB), int((stated + 0.005) * GIB)


def _attempt(read: Read, text: str) -> Any:
    """Read a figure; what is no number, or none that a GPU can have, is None."""
    try:
        value = read(text)
    except ValueError:
        return None
    return None if isinstance(value, int | float) and abs(value) > LARGEST else value
