"""Root causes out of logs: real ones, and lines as public reports and other versions have them."""

import pytest

from release.smoke.causes import find_cause, raised
from tests.conftest import ROOT
from tests.smoke.published import PUBLISHED

LOGS = ROOT / "tests" / "golden" / "logs"
WRAPPER = (
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"
)


@pytest.mark.parametrize(
    ("log", "kind", "line"),
    [
        (
            "0.17.1-cpu-llama-fp8-no-kernel",
            "no-kernel",
            "NotImplementedError: num_compute_units is not implemented for the current platform.",
        ),
        (
            "0.20.2-cpu-llama-fp8-no-kernel",
            "no-kernel",
            (
                "ValueError: Failed to find a kernel that can implement the ScaledMM linear layer. "
                "Reasons:"
            ),
        ),
        (
            "0.32.0-cpu-moe-nvfp4-no-kernel",
            "no-kernel",
            "NotImplementedError: No NvFp4 MoE backend supports the deployment configuration.",
        ),
    ],
)
def test_the_root_of_a_real_log(log: str, kind: str, line: str) -> None:
    cause = find_cause((LOGS / f"{log}.log").read_text())
    assert (cause.kind, cause.line) == (kind, line)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        # 0.27.1 on a 32 GB card.
        (
            (
                "ValueError: To serve at least one request with the models's max seq len (204800), "
                "(6.56 GiB KV cache is needed, which is larger than the available KV cache memory "
                "(5.42 GiB). Based on the available memory, the estimated maximum model length is "
                "167776."
            ),
            "kv-too-small",
        ),
        (
            "ValueError: No available memory for the cache blocks. Try increasing",
            "no-memory-for-cache",
        ),
        (
            (
                "ValueError: Free memory on device cuda:0 (8.1/79.2 GiB) on startup is less than "
                "desired GPU memory utilization (0.9, 71.3 GiB)."
            ),
            "memory-in-use",
        ),
        (
            "ValueError: max_num_seqs (1024) exceeds available Mamba cache blocks (969).",
            "mamba-blocks",
        ),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 784.00 MiB.",
            "out-of-memory",
        ),
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 MiB",
            "out-of-memory",
        ),
        ("RuntimeError: Triton Error [CUDA]: out of memory", "out-of-memory"),
        (
            (
                "RuntimeError: Quantization scheme is not supported for the current GPU. "
                "Min capability: 80. Current capability: 75."
            ),
            "capability",
        ),
        # 0.17 gives the parts as a tuple.
        (
            (
                "RuntimeError: ('Quantization scheme is not supported for ', 'the current GPU. Min "
                "capability: 80. ', 'Current capability: 75.')"
            ),
            "capability",
        ),
        ("NotImplementedError: No compressed-tensors compatible scheme was found.", "no-scheme"),
        (
            "RuntimeError: CUDA error: no kernel image is available for execution on the device",
            "no-kernel",
        ),
        ("torch.AcceleratorError: CUDA error: device kernel image is invalid", "no-kernel"),
        (
            "ValueError: Following weights were not initialized from checkpoint: {'a.weight'}",
            "weights-missing",
        ),
        ("KeyError: 'layers.0.mlp.experts.w2_weight_scales'", "unknown-tensor"),
        (
            "safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge",
            "file-broken",
        ),
        (
            (
                "AssertionError: Attempted to load weight (torch.Size([64])) into parameter "
                "(torch.Size([128]))"
            ),
            "tensor-shape",
        ),
        ("ValueError: Tokenizer class TokenizersBackend does not exist", "tokenizer"),
        ("ModuleNotFoundError: No module named 'vllm'", "no-vllm"),
        ("ZeroDivisionError: division by zero", "other"),
        *PUBLISHED,
    ],
)
@pytest.mark.parametrize(
    "prefix",
    ["", "vllm-1  | (EngineCore_DP0 pid=9) ERROR 11-25 18:18:09 [core.py:1] ", "[rank0]: "],
)
def test_kinds_behind_the_wrapper(line: str, kind: str, prefix: str) -> None:
    log = f"{prefix}Traceback (most recent call last):\n{prefix}{line}\n{WRAPPER}\n"
    cause = find_cause(log, [WRAPPER])
    assert cause.kind == kind
    assert " ".join(line.split()) == cause.line
    assert cause.fix


MESSAGE = """
(Worker pid=1) ERROR 08-26 10:00:00 [core.py:1] ValueError: There is no module or parameter named
(Worker pid=1) ERROR 08-26 10:00:00 [core.py:1] 'layers.0.mlp.down_proj.weight_scale' in Granite.
(APIServer pid=2) INFO 08-26 10:00:00 [api.py:1] out of memory, says another process
(Worker pid=1) ERROR 08-26 10:00:00 [core.py:1] The available parameters belonging to it are:
(Worker pid=1) ERROR 08-26 10:00:00 [core.py:1] {'layers.0.mlp.down_proj.weight'}
(Worker pid=1) INFO 08-26 10:00:00 [core.py:1] something else
"""


def test_a_message_of_several_lines_is_whole() -> None:
    # As vllm #53950 has it, with two processes that speak at once.
    cause = find_cause(MESSAGE)
    assert cause.kind == "unknown-tensor"
    assert cause.line == (
        "ValueError: There is no module or parameter named 'layers.0.mlp.down_proj.weight_scale' "
        "in Granite. The available parameters belonging to it are: "
        "{'layers.0.mlp.down_proj.weight'}"
    )


def test_what_a_wrapper_says_is_better_than_nothing() -> None:
    assert find_cause(WRAPPER).line == WRAPPER


def test_a_harmless_exception_before_the_cause_does_not_hide_it() -> None:
    log = (
        "ImportError: libtcmalloc is not found\nRuntimeError: Triton Error [CUDA]: out of memory\n"
    )
    assert find_cause(log).kind == "out-of-memory"


def test_what_the_child_saw_beats_an_unknown_exception_of_the_log() -> None:
    cause = find_cause("ImportError: an optional thing\n", ["ValueError: the thing itself"])
    assert cause.line == "ValueError: the thing itself"


def test_a_long_line_is_cut_around_what_it_says() -> None:
    line = f"ValueError: {'x' * 900} Failed to find a kernel {'y' * 900}"
    cause = find_cause(line)
    assert "Failed to find a kernel" in cause.line
    assert len(cause.line) <= 400


def test_silence_is_said() -> None:
    assert find_cause("INFO 11-25 18:07:46 [a.py:1] Error handling is on").line == (
        "it ended without a word"
    )


def test_code_and_prose_are_no_exceptions() -> None:
    assert raised(
        "    raise ValueError(msg)\nsee RuntimeError below\n  ValueError: indented\n"
    ) == ["ValueError: indented"]
