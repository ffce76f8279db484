"""Kinds of failure by what their line says: wording of vLLM 0.17 to 0.32 and what is beneath it."""

import re

import msgspec

OTHER, SHAPE, CRASH = "other", "tensor-shape", "kernel-crash"


class Kind(msgspec.Struct, frozen=True):
    """A kind of failure: its name, what its line looks like, and the fix."""

    name: str
    pattern: re.Pattern[str]
    fix: str


def _kind(name: str, fix: str, *patterns: str) -> Kind:
    return Kind(name, re.compile("|".join(patterns)), fix)


# The first that matches anywhere in the log wins: from exact to vague.
KINDS = (
    _kind(
        "kv-too-small",
        "lower --max-model-len to the estimate, or raise --gpu-memory-utilization",
        r"To serve at least one request with the model",
        # 0.20 and older, and without an estimate.
        r"KV cache is needed, which is larger than the available KV cache memory",
        r"max seq len .* is larger than the maximum number of tokens that can be stored in KV",
        r"Cannot auto-fit max_model_len",
    ),
    _kind(
        "mamba-blocks",
        "lower --max-num-seqs to the number of blocks it names",
        r"exceeds available Mamba cache blocks",
    ),
    _kind(
        "no-memory-for-cache",
        "raise --gpu-memory-utilization: the weights and the activations fill its share",
        r"No available memory for the cache blocks",
    ),
    _kind(
        "memory-in-use",
        "end what else uses the memory, or lower --gpu-memory-utilization",
        r"(?:Free|Available) memory on .* less than",
        r"Error in memory profiling",
        r"Not enough available memory on node",
    ),
    _kind(
        "out-of-memory",
        "lower --max-num-seqs and --max-num-batched-tokens, or take a larger GPU",
        r"OutOfMemoryError",
        r"(?i:out of memory)",
        r"can't allocate memory",
        r"[Cc]annot allocate memory",
        r"std::bad_alloc",
        r"^MemoryError\b",
    ),
    _kind(
        "capability",
        "use a GPU that has what the line asks for, or another scheme",
        # 0.17 prints its parts as a tuple, with quotes between them.
        r"Quantization scheme is not supported for",
        r"not supported for the current GPU",
        r"only supported on GPUs with compute capability",
        r"not support(?:ed)? (?:in|on) this (?:architecture|device|platform)",
        r"does not support current device",
    ),
    _kind(
        "no-scheme",
        "this vLLM serves no such scheme: see the config group's arguments",
        r"No compressed-tensors compatible scheme was found",
        r"Only num_bits in",
        r"Unsupported num_bits",
        r"Unsupported .*(?:scheme|quant\w* strategy|weight strategy)",
    ),
    _kind(
        "no-kernel",
        "this vLLM has no kernel for that scheme on this device: take another device or version",
        r"Failed to find a kernel",
        r"no kernel image is available",
        r"No compiled \w+",
        r"out of resource: ",
        r"Selected backend .* is not valid",
        r"kernel image is invalid",
        r"No \w+ (?:MoE|GEMM) backend (?:supports|selected)",
        r"NotImplementedError: .*(?:kernel|backend)",
        r"is not implemented for the current platform",
        r"Unsupported \w+ MoE backend",
        r"kernel \w+ is not supported",
        r"_C::\w+\(\) expected at most",
        r"_per_partition = \d+ is not divisible by",
        r"(?:[Nn]ot|[Uu]n)support(?:ed)? (?:by|with|for) \w*(?:Marlin|Machete|CUTLASS)",
        r"ptxas fatal.*sm_\w+",
        r"No valid attention backend",
        r"dtype mismatch",
        r"'_OpNamespace' '\w+' object has no attribute",
    ),
    _kind(
        "weights-missing",
        "export the tensors it names again",
        r"weights were not initialized from checkpoint",
    ),
    _kind(
        "unknown-tensor",
        "rename the tensor or leave it out: the model has no place for it",
        r"There is no (?:module or )?parameter (?:or module )?named",
        r"KeyError: '[\w.]+\.[\w.]+'",
        r"'\w+(?:Linear|Embedding|LMHead|MoE)' object has no attribute",
    ),
    _kind(
        "shard-missing",
        "put the shards back, or correct the index",
        r"Weight files referenced in index but missing",
        r"Cannot find any model weights",
        r"No such file or directory:? .*\.safetensors",
        r"[Ee]rror no file named .*safetensors",
    ),
    _kind(
        "file-broken",
        "save the file again",
        r"SafetensorError",
        r"[Ee]rror while deserializing header",
        r"HeaderTooLarge",
        r"MetadataIncomplete",
    ),
    _kind(
        SHAPE,
        "export the tensor in the shape that the config implies",
        r"Attempted to load weight \(",
        r"size of tensor .* must match",
        r"exceeds dimension size",
        r"The expanded size of the tensor",
        r"Tried to load weights of size",
        r"is not divisible by weight",
        r"shape .* is invalid for input of size",
        r"[Ss]hape mismatch",
        r"mat1 and mat2 shapes cannot be multiplied",
    ),
    _kind(
        "quantization-config",
        "correct quantization_config",
        r"some but not all shards of",
        r"different quantization schemes for",
        r"Unknown quantization method",
        r"validation errors? for (?:Quantization|kv_cache|config_groups)",
        r"Quantization method specified in the model config",
    ),
    _kind(
        "remote-code",
        "vLLM has no code of its own for it: a card has to say so, and what that code does",
        r"trust_remote_code",
    ),
    _kind(
        "parallel",
        "take a --tensor-parallel-size that divides the heads, and that there are GPUs for",
        r"divisible by tensor parallel size",
        r"(?i:tensor parallel size|world size) \(\d+\).*(?:larger|less) than",
        r"is not divisible by \d+ tensor",
        r"NCCL error",
        r"ncclInternalError|ncclSystemError|ncclUnhandledCudaError",
    ),
    _kind(
        "tokenizer",
        "save the tokenizer for the transformers that this vLLM brings, or take a newer vLLM",
        r"Tokenizer class \w+ does not exist",
        r"Failed to load the tokenizer",
        r"[Cc]an't load tokenizer",
        r"[Cc]ouldn't instantiate the backend tokenizer",
        r"untagged enum \w+",
    ),
    _kind(
        "chat-template",
        "correct the chat template, or save one",
        r"jinja2\.exceptions",
        r"^(?:\w+\.)*Template\w*Error",
        r"default chat template is no longer allowed",
        r"chat template",
    ),
    _kind(
        "architecture",
        "this vLLM does not know the architecture: take a newer one",
        r"Model architectures .* (?:are not supported|failed to be inspected)",
        r"does not recognize this architecture",
        r"has no vLLM implementation",
    ),
    _kind(
        "argument",
        "correct the argument: this vLLM does not take it so",
        r": error: (?:unrecognized arguments?|argument |the following arguments)",
        r"(?i:(?:tool|reasoning) parser).*(?:not found|not registered|invalid|does not exist)",
        r"(?i:invalid (?:tool call|reasoning) parser)",
        r"User-specified max_model_len",
        r"is not supported for quantization method",
        r"[Aa]ddress already in use",
        r"got an unexpected keyword argument",
    ),
    _kind(
        "config",
        "correct config.json, or the argument that the line names",
        r"is not divisible by|must be divisible by",
        r"validation errors? for",
        r"Unrecognized model",
        r"config\.json",
        r"JSONDecodeError",
    ),
    _kind("no-vllm", "--python names a Python that has vllm", r"No module named 'vllm'"),
    _kind(
        "no-device",
        "run it where there is a GPU that this vLLM is built for",
        r"Failed to infer device type",
        r"No CUDA GPUs are available",
        r"Found no NVIDIA driver",
        r"(?:driver .* is too old|driver version is insufficient)",
        r"CUDA (?:unknown error|driver initialization failed)",
    ),
    _kind(
        "compiler",
        "install what the line lacks (gcc, nvcc, ninja, Python's headers): kernels are built here",
        r"Ninja build failed|'ninja'|ninja: ",
        r"Could not find nvcc|nvcc fatal|nvcc: not found",
        r"Command '?\['(?:gcc|g\+\+|c\+\+|clang|nvcc|ptxas)\b",
        r"Failed to find C compiler",
        r"Python\.h: No such file",
        r"cannot find -l\w+",
    ),
    _kind(
        "installation",
        "install vLLM and what it needs again: its parts do not fit together",
        r"cannot open shared object file",
        r"version `[\w.]+' not found",
        r"undefined symbol",
        r"cannot import name",
        r"No module named",
    ),
    _kind(
        CRASH,
        "run again with CUDA_LAUNCH_BLOCKING=1: the log's traceback then names the kernel",
        r"CUDA error: ",
        r"illegal memory access",
        r"TMA descriptor|Error Internal",
        r"device-side assert",
        r"Segmentation fault|SIGSEGV|Fatal Python error",
        r"cudaError\w+|CUBLAS_STATUS|CUDNN_STATUS|Triton Error",
    ),
)
FIXES = {kind.name: kind.fix for kind in KINDS}
