"""Lines of failures as public issues show them (`owner/name #number`), and what kind they are.

Where there is no number, the line is that of vLLM's, torch's or argparse's own source.
"""

PUBLISHED = (
    # Met here: a Qwen3.5 hybrid on a CPU in 0.28.0; its state has no kernel in bfloat16.
    (
        "RuntimeError: chunk_gated_delta_rule_cpu: initial_state dtype mismatch",
        "no-kernel",
    ),
    # vllm #34076: 0.15, with the typing error that it had.
    (
        (
            "ValueError: To serve at least one request with the models's max seq len (262144), "
            "(24.0 GiB KV cache is needed, which is larger than the available KV cache memory "
            "(3.18 GiB). Based on the available memory, the estimated maximum model length is 9."
        ),
        "kv-too-small",
    ),
    # Qwen3 #295: old wording, still in forks.
    (
        (
            "ValueError: The model's max seq len (32768) is larger than the maximum number of "
            "tokens that can be stored in KV cache (7344)."
        ),
        "kv-too-small",
    ),
    (
        (
            "ValueError: Cannot auto-fit max_model_len: not enough GPU memory available to serve "
            "even a single token. Try increasing `gpu_memory_utilization`."
        ),
        "kv-too-small",
    ),
    # vllm #49064
    ("ValueError: max_num_seqs (256) exceeds available Mamba cache blocks (161).", "mamba-blocks"),
    # vllm #38632: the worker's words in a wrapper's mouth.
    (
        (
            "RuntimeError: Worker failed with error 'max_num_seqs (1024) exceeds available Mamba "
            "cache blocks (600). Each decode sequence requires one', please check the stack trace "
            "above for the root cause"
        ),
        "mamba-blocks",
    ),
    # vllm-omni #946
    (
        (
            "ValueError: No available memory for the cache blocks. Try increasing "
            "`gpu_memory_utilization` when initializing the engine."
        ),
        "no-memory-for-cache",
    ),
    # kvcached #29
    (
        (
            "ValueError: Free memory on device (59.32/79.15 GiB) on startup is less than desired "
            "GPU memory utilization (0.9, 71.24 GiB). Decrease GPU memory utilization"
        ),
        "memory-in-use",
    ),
    (
        (
            "RuntimeError: CUDA out of memory occurred when warming up sampler with 1024 dummy "
            "requests. Please try lowering `max_num_seqs` or `gpu_memory_utilization`"
        ),
        "out-of-memory",
    ),
    ("torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB.", "out-of-memory"),
    # vllm #30855, #19605
    (
        "RuntimeError: CUDA error: no kernel image is available for execution on the device",
        "no-kernel",
    ),
    # vLLM's CUDA sources, triton's and torch's exceptions without Error in their name.
    ("RuntimeError: No compiled nvfp4 mm kernel for SM 120. Recompile it.", "no-kernel"),
    (
        (
            "triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: "
            "131072, Hardware limit: 101376. Reducing block sizes or `num_stages` may help."
        ),
        "no-kernel",
    ),
    (
        (
            "ValueError: Selected backend AttentionBackendEnum.FLASHINFER is not valid for this "
            "configuration. Reason: ['kv_cache_dtype not supported']"
        ),
        "no-kernel",
    ),
    ("RuntimeError: [Error] Failed to initialize the TMA descriptor 700", "kernel-crash"),
    (
        (
            "torch._dynamo.exc.BackendCompilerFailed: backend='VllmBackend' raised: "
            "FileNotFoundError: [Errno 2] No such file or directory: 'ninja'"
        ),
        "compiler",
    ),
    (
        (
            "torch._inductor.exc.InductorError: CalledProcessError: Command '['gcc', "
            "'main.c']' returned non-zero exit status 1."
        ),
        "compiler",
    ),
    (
        ("ImportError: libc.so.6: version `GLIBC_2.34' not found (required by _C.abi3.so)"),
        "installation",
    ),
    (
        "ValueError: torch.bfloat16 is not supported for quantization method gptq.",
        "argument",
    ),
    # vllm #33417
    (
        "RuntimeError: FlashInfer-CUTLASS MoE kernel does not support current device sm_120",
        "capability",
    ),
    (
        (
            "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least "
            "8.0. Your Tesla T4 GPU has compute capability 7.5."
        ),
        "capability",
    ),
    # vllm #9913
    (
        (
            "ValueError: Weight input_size_per_partition = 10944 is not divisible by min_thread_k "
            "= 128. Consider reducing tensor_parallel_size"
        ),
        "no-kernel",
    ),
    # llm-compressor #1427
    ("NotImplementedError: No compressed-tensors compatible scheme was found.", "no-scheme"),
    # vllm #25378
    (
        (
            "ValueError: Detected some but not all shards of model.layers.0.linear_attn.in_proj "
            "are quantized. All shards of fused layers to have the same precision."
        ),
        "quantization-config",
    ),
    # llm-compressor #1489
    (
        (
            "RuntimeError: The size of tensor a (8256) must match the size of tensor b (8320) at "
            "non-singleton dimension 1"
        ),
        "tensor-shape",
    ),
    # vllm #17358, #31757, #53107
    (
        "ValueError: There is no module or parameter named 'resampler.kv_proj.weight' in MiniCPMO",
        "unknown-tensor",
    ),
    ("KeyError: 'model.layers.92.shared_head.head.weight_scale'", "unknown-tensor"),
    (
        "AttributeError: 'MergedColumnParallelLinear' object has no attribute 'data'",
        "unknown-tensor",
    ),
    # vllm #52300, #20226
    (
        "ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
        "installation",
    ),
    ("RuntimeError: NCCL error: unhandled cuda error", "parallel"),
    (
        (
            "ValueError: Total number of attention heads (28) must be divisible by tensor parallel "
            "size (8)."
        ),
        "parallel",
    ),
    # flashinfer #1532
    ("RuntimeError: Ninja build failed. Ninja output:", "compiler"),
    ("nvcc fatal   : Unknown option '-static-global-template-stub=false'", "compiler"),
    ("main.py: error: unrecognized arguments: --foo 1", "argument"),
    (
        "KeyError: 'invalid tool call parser: nobody (chose from { hermes,pythonic })'",
        "argument",
    ),
    ("KeyError: \"Reasoning parser 'nobody' not found. Available parsers: qwen3\"", "argument"),
    (
        (
            "ValueError: The repository for acme/x contains custom code which must be executed. "
            "Please pass the argument `trust_remote_code=True` to allow custom code to be run."
        ),
        "remote-code",
    ),
    ("RuntimeError: Failed to infer device type, please set the environment", "no-device"),
    ("RuntimeError: CUDA error: an illegal memory access was encountered", "kernel-crash"),
    ("jinja2.exceptions.UndefinedError: 'dict object' has no attribute 'role'", "chat-template"),
)
