"""What options do that are no part of our plan."""

# They change how memory is used in ways that are not modelled.
UNMODELLED = frozenset(
    {
        *("--decode-context-parallel-size", "--prefill-context-parallel-size", "-dcp", "-pcp"),
        *("--cpu-offload-gb", "--offload-group-size"),
        *("--offload-backend", "--enable-lora", "--kv-transfer-config", "--ec-transfer-config"),
        *("--kv-offloading-size", "--use-replayssm", "--mamba-block-size", "--swa-bounded-replay"),
        *("--kv-cache-dtype-skip-layers", "--disable-sliding-window", "--mamba-cache-mode"),
        *("--enable-mamba-shared-prefix-checkpoint", "--prefix-cache-retention-interval"),
        *("--hf-overrides", "--hf-config-path", "--config", "--model-impl", "--worker-cls"),
        *("--quantization", "-q", "--quantization-config", "--enable-eplb"),
        *("--mm-encoder-only", "--mm-ipc-gpu-memory-gb", "--runner", "--convert", "--enable-dbo"),
        *("--diffusion-config", "--engram-config", "--model-class-overrides"),
        *("--attention-config", "--kv-sharing-fast-prefill", "--speculative-config"),
        "--disable-chunked-mm-input",
    }
)
# Of these a log has measured all that they change: they leave the cache's layout as it is.
MEASURED = frozenset(
    {
        *("--cpu-offload-gb", "--offload-group-size", "--offload-backend"),
        *("--enable-lora", "--enable-eplb", "--enable-dbo", "--quantization"),
        *("--attention-config", "--quantization-config", "--mm-ipc-gpu-memory-gb"),
    }
)
# Values with which an option changes nothing.
HARMLESS = {
    "--decode-context-parallel-size": {"1"},
    "-dcp": {"1"},
    "--prefill-context-parallel-size": {"1"},
    "-pcp": {"1"},
    "--cpu-offload-gb": {"0", "0.0"},
    "--offload-backend": {"auto"},
    "--offload-group-size": {"0"},
    "--runner": {"auto", "generate"},
    "--convert": {"auto", "none"},
    "--model-impl": {"auto", "vllm"},
    "--worker-cls": {"auto"},
    "--mamba-cache-mode": {"auto"},
    "--quantization": {"compressed-tensors"},
    "-q": {"compressed-tensors"},
}
REASONS = {
    "--config": "what the file of --config says was not read: write its options into the command",
    "--speculative-config": "only drafts of the model's own MTP head are modelled",
}
# Settings of an environment that change memory; with other values they change nothing.
ENVIRONMENT = {
    "VLLM_USE_V1": "0",
    "VLLM_MLA_DISABLE": "1",
    "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS": "0",
}


def why_not(name: str) -> str:
    """Why there is no estimate for a command with this option or setting."""
    return REASONS.get(name, f"{name} changes the memory in ways not modelled")
