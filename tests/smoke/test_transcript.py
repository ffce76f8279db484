"""Logs of real runs, and lines as other versions word them."""

import pytest

from release.smoke.transcript import Trouble, read_lines, read_transcript
from tests.conftest import ROOT

LOGS = ROOT / "tests" / "golden" / "logs"
FP8, NVFP4 = "CompressedTensorsW8A8Fp8", "NVFP4"
CUTLASS, MARLIN = "CutlassFP8ScaledMMLinearKernel", "MarlinNvFp4LinearKernel"
CHANNELWISE = "ChannelWiseTorchFP8ScaledMMLinearKernel"
B12X, WNA16 = "FlashInferB12xNvFp4LinearKernel", "CompressedTensorsWNA16"
EMULATION = "EmulationNvFp4LinearKernel"

WEIGHT_ONLY = (
    "Your GPU does not have native support for FP4 computation but FP4 quantization is being used. "
    "Weight-only FP4 compression will be used leveraging the Marlin kernel. This may degrade "
    "performance for compute-heavy workloads."
)


@pytest.mark.parametrize(
    ("log", "kernels", "attention", "gdn", "fallbacks"),
    [
        ("0.17.1-cpu-llama-nvfp4", {NVFP4: "EMULATION"}, None, None, ()),
        ("0.20.2-cpu-llama-nvfp4", {NVFP4: EMULATION}, None, None, ()),
        ("0.20.2-cpu-serve", {NVFP4: EMULATION}, None, None, ()),
        ("0.24.0-h200-llama-fp8", {FP8: CUTLASS}, "FLASH_ATTN", None, ()),
        (
            "0.24.0-h200-qwen3_5-mixed",
            {FP8: CUTLASS, NVFP4: MARLIN},
            "FLASH_ATTN",
            "Triton/FLA",
            (WEIGHT_ONLY,),
        ),
        ("0.32.0-cpu-qwen3_5-mixed", {FP8: CHANNELWISE, NVFP4: EMULATION}, None, "CPU", ()),
    ],
)
def test_what_served_a_checkpoint_is_read(
    log: str, kernels: dict[str, str], attention: str | None, gdn: str | None, fallbacks: object
) -> None:
    transcript = read_transcript((LOGS / f"{log}.log").read_text())
    assert transcript.kernels == kernels
    assert (transcript.attention, transcript.gdn) == (attention, gdn)
    assert transcript.fallbacks == fallbacks
    assert transcript.troubles == ()


@pytest.mark.parametrize(
    ("line", "kernels"),
    [
        (
            "Using NvFp4LinearBackend.FLASHINFER_CUTLASS for NVFP4 GEMM",
            {NVFP4: "FLASHINFER_CUTLASS"},
        ),
        ("Using FlashInferB12xNvFp4LinearKernel for NVFP4 GEMM", {NVFP4: B12X}),
        ("Using MarlinLinearKernel for CompressedTensorsWNA16", {WNA16: "MarlinLinearKernel"}),
        (
            "Using 'MARLIN' NvFp4 MoE backend out of potential backends: ['X', 'MARLIN'].",
            {"NvFp4 MoE": "MARLIN"},
        ),
        ("Using CUTLASS Fp8 MoE backend", {"Fp8 MoE": "CUTLASS"}),
        ("Using TRITON Unquantized MoE backend out of", {"Unquantized MoE": "TRITON"}),
        # recipes #810, vllm #31085 and #12529: a 5090, an RTX PRO 6000, 0.7.
        (
            "Using FlashInferCutlassNvFp4LinearKernel for NVFP4 GEMM",
            {NVFP4: "FlashInferCutlassNvFp4LinearKernel"},
        ),
        (
            "Using 'FLASHINFER_B12X' NvFp4 MoE backend out of potential backends: ['MARLIN'].",
            {"NvFp4 MoE": "FLASHINFER_B12X"},
        ),
        ("Using AllSparkLinearKernel for CompressedTensorsWNA16", {WNA16: "AllSparkLinearKernel"}),
    ],
)
def test_kernels_as_other_versions_word_them(line: str, kernels: dict[str, str]) -> None:
    assert read_transcript(f"INFO 11-25 18:07:46 [x.py:1] {line}").kernels == kernels


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        (
            "layers.0.mlp.gate.scale not found in params_dict, skip loading",
            ("skipped", "layers.0.mlp.gate.scale"),
        ),
        # llm-compressor #2752
        (
            "Parameter language_model.layers.8.A_log not found in params_dict, skip loading",
            ("skipped", "language_model.layers.8.A_log"),
        ),
        (
            "Some weights are not initialized from checkpoints: {'model.norm.weight'}",
            ("uninitialised", None),
        ),
        ("Skip loading layers.61.eh_proj.weight", ("skipped", "layers.61.eh_proj.weight")),
        (
            (
                "Found kv_scale in the checkpoint (e.g. a.kv_scale), but not found the expected "
                "name in the model (e.g. a.attn.k_scale). kv_scale is not loaded."
            ),
            ("skipped", "a.kv_scale"),
        ),
        (
            "In NVFP4 linear, the input global scale is different for parallel layers",
            ("scales-differ", None),
        ),
        (
            "In NVFP4 linear, the global weight scale differs across parallel layers (e.g. q_proj)",
            ("scales-differ", None),
        ),
        (
            "In NVFP4 linear, the global scale for weight are different for parallel layers",
            ("scales-differ", None),
        ),
        (
            "w1_weight_global_scale must match w3_weight_global_scale. Accuracy may be affected.",
            ("scales-differ", None),
        ),
        ("Using KV cache scaling factor 1.0 for fp8_e4m3.", ("default-kv-scale", None)),
        (
            (
                "Attempted to load weight a.weight_scale with dtype torch.float32 into parameter "
                "with dtype torch.float8_e4m3fn"
            ),
            ("dtype", "a.weight_scale"),
        ),
    ],
)
def test_troubles(line: str, trouble: tuple[str, str | None]) -> None:
    log = f"(EngineCore pid=7) WARNING 11-25 18:07:46 [x.py:1] {line}\n" * 2
    (found,) = read_transcript(log).troubles
    assert found == Trouble(trouble[0], line, trouble[1])


@pytest.mark.parametrize(
    "line",
    [
        "INFO 11-25 18:07:46 [x.py:1] Loading weights took 0.01 seconds",
        "INFO 11-25 18:07:46 [cuda.py:5] Using AttentionBackendEnum.FLASH_ATTN for vit attention",
        # vllm #7404: those have defaults.
        (
            "WARNING 11-25 18:07:46 [x.py:1] Some weights are not initialized from checkpoints: "
            "{'model.layers.2.self_attn.attn.v_scale', 'model.layers.13.self_attn.attn.k_scale'}"
        ),
        "WARNING 11-25 18:07:46 [x.py:1] Falling back to the default value 1.0",
        "",
    ],
)
def test_lines_that_mean_nothing(line: str) -> None:
    transcript = read_transcript(line)
    assert transcript == read_transcript("")
    assert not transcript.kernels
    assert transcript.attention is None


@pytest.mark.parametrize(
    "raw",
    [
        "INFO 11-25 18:07:46 [model.py:733] Resolved",
        "(EngineCore_DP0 pid=1 ip=10.0.0.1) INFO 11-25 18:07:46 [model.py:733] Resolved",
        "\x1b[0;36m(Worker_TP0 pid=1)\x1b[0;0m INFO 11-25 18:07:46 [model.py:733] Resolved",
        "(APIServer pid=3) INFO 11-25 18:07:46 [v1/engine/core.py:1] Resolved",
        # Containers, services, clusters and CI put their own before it.
        "vllm-glm-1  | (EngineCore_DP0 pid=66) INFO 01-21 23:26:21 [core.py:936] Resolved",
        "[2025-03-10T15:07:20Z] INFO 03-10 08:07:20 [core.py:302] Resolved",
        "2026-08-19T18:34:27.123456789+02:00 INFO 08-19 18:34:27 [core.py:302] Resolved",
        "  | [2025-03-10T15:07:20Z] INFO 03-10 08:07:20 [core.py:302] Resolved",
        "│ INFO 03-24 04:03:55 [gpu_model_runner.py:1176] Resolved   │",
        "Aug 19 18:34:27 host vllm[8727]: (EngineCore pid=8) INFO 08-19 18:34:27 [a.py:9] Resolved",
        "(vllm-test, pid=2150) (EngineCore_0 pid=3966) INFO 08-19 18:34:27 [a.py:9] Resolved",
        "(VllmWorker rank=1 pid=53) INFO 06-06 19:45:52 [config.py:3670] Resolved",
        "[rank0]: Resolved",
    ],
)
def test_prefixes_are_taken_off(raw: str) -> None:
    (line,) = read_lines(raw)
    assert (line.level, line.text) == ("" if raw.startswith("[rank") else "INFO", "Resolved")
