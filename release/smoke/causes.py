"""Why vLLM did not start: the line of the root cause, not of what wrapped it, and its kind.

Wording from vLLM 0.17 to 0.32 and from torch and safetensors beneath it.
"""

import re
from collections.abc import Sequence

import msgspec

from release.smoke.transcript import LONGEST, read_lines

OTHER = "other"


class Cause(msgspec.Struct, frozen=True):
    """A failure's kind, the line that says so, and what a person can do about it."""

    kind: str
    line: str
    fix: str


class Kind(msgspec.Struct, frozen=True):
    """A kind of failure: its name, what its line looks like, and the fix."""

    name: str
    pattern: re.Pattern[str]
    fix: str


def _kind(name: str, pattern: str, fix: str) -> Kind:
    return Kind(name, re.compile(pattern), fix)


SHAPE = _kind(
    "tensor-shape",
    r"Attempted to load weight \(|size of tensor .* must match|exceeds dimension size"
    r"|The expanded size of the tensor|Tried to load weights of size|is not divisible by weight"
    r"|shape .* is invalid for input of size",
    "export the tensor in the shape that the config implies",
)

# The first that matches anywhere in the log wins: from exact to vague.
KINDS = (
    _kind(
        "kv-too-small",
        r"To serve at least one request with the model",
        "lower --max-model-len to the estimate, or raise --gpu-memory-utilization",
    ),
    _kind(
        "mamba-blocks",
        r"exceeds available Mamba cache blocks",
        "lower --max-num-seqs to the number of blocks it names",
    ),
    _kind(
        "no-memory-for-cache",
        r"No available memory for the cache blocks",
        "raise --gpu-memory-utilization: the weights and the activations fill its share",
    ),
    _kind(
        "memory-in-use",
        r"Free memory on device .* is less than|Error in memory profiling",
        "end what else uses the GPU, or lower --gpu-memory-utilization",
    ),
    _kind(
        "out-of-memory",
        r"OutOfMemoryError|CUDA out of memory|\[CUDA\]: out of memory|CUDA error: out of memory"
        r"|can't allocate memory",
        "lower --max-num-seqs and --max-num-batched-tokens, or take a larger GPU",
    ),
    _kind(
        "capability",
        # 0.17 prints its parts as a tuple, with quotes between them.
        r"Quantization scheme is not supported for|not supported for the current GPU",
        "use a GPU that has what the line asks for, or another scheme",
    ),
    _kind(
        "no-scheme",
        r"No compressed-tensors compatible scheme was found|Only num_bits in"
        r"|Unsupported num_bits|Unsupported .*scheme",
        "this vLLM serves no such scheme: see the config group's arguments",
    ),
    _kind(
        "no-kernel",
        r"Failed to find a kernel|no kernel image is available|kernel image is invalid"
        r"|No \w+ MoE backend supports|NotImplementedError: .*(?:kernel|backend)"
        r"|No \w+ GEMM backend selected|is not implemented for the current platform"
        r"|Unsupported \w+ MoE backend|kernel \w+ is not supported|_C::\w+\(\) expected at most",
        "this vLLM has no kernel for that scheme on this device: take another device or version",
    ),
    _kind(
        "weights-missing",
        r"weights were not initialized from checkpoint",
        "export the tensors it names again",
    ),
    _kind(
        "unknown-tensor",
        r"There is no module or parameter named|KeyError: '[\w.]+\.[\w.]+'",
        "rename the tensor or leave it out: the model has no place for it",
    ),
    _kind(
        "shard-missing",
        r"Weight files referenced in index but missing|Cannot find any model weights",
        "put the shards back, or correct the index",
    ),
    _kind(
        "file-broken",
        r"SafetensorError|[Ee]rror while deserializing header|HeaderTooLarge|MetadataIncomplete",
        "save the file again",
    ),
    SHAPE,
    _kind(
        "quantization-config",
        r"some but not all shards of|different quantization schemes for|Unknown quantization method"
        r"|validation errors? for (?:Quantization|kv_cache|config_groups)"
        r"|Quantization method specified in the model config",
        "correct quantization_config",
    ),
    _kind(
        "tokenizer",
        r"Tokenizer class \w+ does not exist|Failed to load the tokenizer",
        "save the tokenizer for the transformers that this vLLM brings, or take a newer vLLM",
    ),
    _kind(
        "architecture",
        r"Model architectures .* (?:are not supported|failed to be inspected)"
        r"|does not recognize this architecture|has no vLLM implementation",
        "this vLLM does not know the architecture: take a newer one",
    ),
    _kind(
        "config",
        r"is not divisible by|validation errors? for|User-specified max_model_len"
        r"|Unrecognized model|config\.json",
        "correct config.json, or the argument that the line names",
    ),
    _kind("no-vllm", r"No module named 'vllm'", "--python names a Python that has vllm"),
)
WRAPPERS = re.compile(
    r"Engine core initialization failed|See root cause above|Engine core proc .* died"
    r"|WorkerProc initialization failed|EngineDeadError|died unexpectedly"
)
_RAISED = re.compile(
    r"^(?:\[rank\d+\]:\s*)?(?P<line>(?:\w+\.)*\w*(?:Error|Exception|Exit)\b(?::.*)?)$"
)
_FALLBACK_FIX = "read the log: the engine's own words are all there is"


def find_cause(log: str, errors: Sequence[str] = ()) -> Cause:
    """Name the root cause from the exceptions the child saw (`errors`) and the log.

    A kind that is known beats the order; without one, the first exception that no wrapper made.
    """
    # In a chain of exceptions Python prints the first cause first; the child saw the last.
    lines = [line for line in (*raised(log), *errors) if not WRAPPERS.search(line)]
    for kind in KINDS:
        for line in lines:
            if match := kind.pattern.search(line):
                return Cause(kind.name, _window(line, match.start()), kind.fix)
    for line in (*errors, *lines):
        if not WRAPPERS.search(line):
            return Cause(OTHER, _window(line, 0), _FALLBACK_FIX)
    return Cause(OTHER, "it ended without a word", _FALLBACK_FIX)


def raised(log: str) -> list[str]:
    """Give the exceptions that the log shows, outermost last, without duplicates."""
    found = []
    for line in read_lines(log):
        match = _RAISED.match(line.text)
        if match:
            found.append(match["line"])
    return list(dict.fromkeys(found))


def _window(line: str, start: int) -> str:
    """Cut a long line so that what matched is in it."""
    text = " ".join(line.split())
    if len(text) <= LONGEST:
        return text
    begin = max(0, min(start - 80, len(text) - LONGEST))
    return text[begin : begin + LONGEST]
