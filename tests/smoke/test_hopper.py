"""Runs of vLLM 0.24.0 on an H100, as they were recorded: good checkpoints and broken ones.

Hidden size 256 and heads of 64, named and declared as the checkpoints of the tests are.
"""

from collections import Counter

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.memory.logs import read_log
from release.smoke.causes import find_cause
from release.smoke.transcript import read_transcript
from tests.conftest import DEMO, ROOT
from tests.smoke.recorded import judge, judged, place, recorded, replace, with_outcome

LOGS = ROOT / "tests" / "golden" / "logs"
RUNS = {
    "mixed-qwen3_5": "demo",
    "llama-nvfp4": "llama-nvfp4",
    "llama-w4a16": "llama-w4a16",
    "moe-fp8": "qwen3_moe-fp8",
}
DOWN = "model.layers.1.mlp.down_proj.weight_scale"
EXPERTS = "model.layers.1.mlp.experts.routed_experts.w2_weight_packed"
BROKEN = {
    "missing-scale": ("llama-nvfp4", [f"S102 {DOWN}"]),
    # It dies of it in a kernel; what is said is why.
    "missing-expert": ("qwen3_moe-nvfp4", [f"S102 {EXPERTS}"]),
    "scale-shape": (
        "llama-fp8-dynamic",
        ["S101 model.layers.0.mlp.down_proj.weight_scale tensor-shape"],
    ),
}


@pytest.mark.parametrize(("run", "checkpoint"), RUNS.items())
def test_good_checkpoints_are_clean(run: str, checkpoint: str) -> None:
    assert judge(place(checkpoint), recorded(f"h100-{run}")) == []


def test_what_is_not_loaded_is_named() -> None:
    given = {"checkpoint": open_checkpoint(DEMO), "engine_run": recorded("h100-mixed-qwen3_5")}
    (skipped,) = Facts(given, Level.SMOKE).get("loading").skipped
    assert (skipped.why, skipped.tensors) == ("vision tower, in text-only mode", 21)
    assert "model.visual.blocks.*.attn.qkv.weight" in skipped.names


@pytest.mark.parametrize(("run", "checkpoint", "found"), [(k, *v) for k, v in BROKEN.items()])
def test_broken_ones_are_not(run: str, checkpoint: str, found: list[str]) -> None:
    assert judge(place(checkpoint), recorded(f"h100-{run}")) == found


def test_experts_are_served_by_a_kernel_of_their_own_on_both_gpus() -> None:
    given = {
        "checkpoint": open_checkpoint(place("qwen3_moe-nvfp4")),
        "engine_run": recorded("h100-tp2-moe-nvfp4"),
    }
    layers = Facts(given, Level.SMOKE).get("layers")
    assert Counter(layer.kernel for layer in layers if layer.quantized) == {
        "MarlinNvFp4LinearKernel": 4,
        "MarlinExperts": 2,
    }
    loading = Facts(given, Level.SMOKE).get("loading")
    assert (loading.parameters, loading.tensors, loading.gaps) == (114, 237, ())


@pytest.mark.parametrize(
    ("log", "tokens", "concurrency"),
    [
        ("tp2-moe-nvfp4", 31_974_960, 62_451.09),
        ("tp2-serve-moe-nvfp4", 31_976_016, 62_453.16),
        ("serve-qwen3_5-mixed", 16_576_219, 32_375.43),
    ],
)
def test_what_a_log_of_serving_says_of_the_cache(log: str, tokens: int, concurrency: float) -> None:
    text = (LOGS / f"0.24.0-h100-{log}.log").read_text()
    memory = read_log(text)
    assert (memory.tokens, memory.concurrency) == (tokens, concurrency)
    assert read_transcript(text).troubles == ()


def test_scales_that_were_converted_as_numbers_are_seen() -> None:
    run = recorded("h100-scale-dtype")
    name = "model.layers.0.mlp.down_proj.weight_scale"
    assert judged("S102", "llama-nvfp4", run) == [f"error {name}"]


def test_fp4_that_runs_on_weights_alone_is_a_note() -> None:
    run = recorded("h100-mixed-qwen3_5")
    assert judged("S104", "demo", run) == ["info checkpoint"]


@pytest.mark.parametrize(
    ("log", "kernels"),
    [
        ("llama-fp8-graphs", {"CompressedTensorsW8A8Fp8": "CutlassFP8ScaledMMLinearKernel"}),
        ("llama-w4a16", {"CompressedTensorsWNA16": "MacheteLinearKernel"}),
        ("llama-nvfp4", {"NVFP4": "MarlinNvFp4LinearKernel"}),
        (
            "moe-fp8",
            {
                "CompressedTensorsW8A8Fp8": "CutlassFP8ScaledMMLinearKernel",
                "Fp8 MoE": "VLLM_CUTLASS",
            },
        ),
        ("serve", {"CompressedTensorsW8A8Fp8": "CutlassFP8ScaledMMLinearKernel"}),
        (
            "moe-nvfp4-cuda-error",
            {"NVFP4": "MarlinNvFp4LinearKernel", "NvFp4 MoE": "MARLIN"},
        ),
    ],
)
def test_kernels(log: str, kernels: dict[str, str]) -> None:
    transcript = read_transcript((LOGS / f"0.24.0-h100-{log}.log").read_text())
    assert transcript.kernels == kernels
    assert transcript.attention == "FLASH_ATTN"


@pytest.mark.parametrize(
    ("log", "kind", "line"),
    [
        (
            "moe-nvfp4-cuda-error",
            "kernel-crash",
            "torch.AcceleratorError: CUDA error: unknown error",
        ),
        ("unknown-tensor", "unknown-tensor", "KeyError: 'layers.0.mlp.down_proj.weight_scales'"),
        (
            "no-scheme",
            "no-scheme",
            "ValueError: Unsupported num_bits = 3 for WNA8O8Int; supported = [2, 4, 8]",
        ),
        ("scale-shape", "other", "AssertionError"),
        ("kv-too-small", "kv-too-small", "ValueError: To serve at least one request with"),
        ("gemma12b-small", "kv-too-small", "ValueError: To serve at least one request with"),
        (
            "27b-80gb-defaults",
            "mamba-blocks",
            "ValueError: max_num_seqs (1024) exceeds available Mamba cache blocks (943).",
        ),
        ("no-memory-left", "no-memory-for-cache", "ValueError: No available memory for the cache"),
        (
            "not-enough-free",
            "memory-in-use",
            "ValueError: Free memory on device cuda:0 (6.8/79.18 GiB) on startup is less than",
        ),
        (
            "out-of-memory",
            "out-of-memory",
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 70.00 MiB. GPU 0 has",
        ),
    ],
)
def test_causes(log: str, kind: str, line: str) -> None:
    cause = find_cause((LOGS / f"0.24.0-h100-{log}.log").read_text())
    assert cause.kind == kind, cause
    assert cause.line.startswith(line)


def test_the_cache_of_a_mixture_is_what_fit_predicts() -> None:
    run = recorded("h100-moe-fp8")
    log = (LOGS / "0.24.0-h100-moe-fp8.log").read_text()
    measured = with_outcome(run, memory=read_log(log))
    assert judged("S110", "qwen3_moe-fp8", measured) == []
    halved = with_outcome(run, memory=replace(read_log(log), tokens=1_048_576))
    assert judged("S110", "qwen3_moe-fp8", halved) == ["warning the smoke test: KV cache"]
