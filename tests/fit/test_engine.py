"""What vLLM's engine accepts on each GPU, by KV cache dtype, attention backend, dtype and class."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question, solve
from release.fit.subject import NotEstimated, open_subject
from release.memory.gpus import find_gpu
from release.memory.options import Options
from tests.conftest import ROOT, Run

MODELS = ROOT / "tests" / "memory" / "configs"
DENSE, LATENT, SPARSE, SINKS = "Qwen3-8B", "DeepSeek-V3", "DeepSeek-V3.2", "gpt-oss-20b"
GLM, GEMMA = "GLM-5.1", "gemma-4-26B-A4B"
CHAT = 4096

Ask = Callable[..., Fit]


def config_of(name: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((MODELS / f"{name}.json").read_text())["config"]
    return config


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def call(
        name: str, gpu: str | None, vllm: str = "0.32.0", *, config: object = (), **options: Any
    ) -> Fit:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config_of(name) | dict(config)))  # type: ignore[call-overload]
        given = Options(max_model_len=CHAT, max_num_seqs=4, **options)
        return solve(open_subject(file), Question(given, vllm, find_gpu(gpu) if gpu else None))

    return call


@pytest.mark.parametrize(
    ("name", "gpu", "options", "said"),
    [
        (DENSE, "T4", {"kv_cache_dtype": "fp8"}, "a KV cache of fp8 on T4 (7.5)"),
        (DENSE, "T4", {"kv_cache_dtype": "fp8_e5m2"}, "a KV cache of fp8_e5m2 on T4"),
        (DENSE, "V100", {}, "vLLM needs compute capability 7.5, V100 32GB has 7.0"),
        (DENSE, "T4", {"kv_cache_dtype": "nvfp4"}, "a KV cache of nvfp4 on T4"),
        (DENSE, "MI300X", {"kv_cache_dtype": "nvfp4"}, "a KV cache of nvfp4 on MI300X"),
        (DENSE, "H100", {"kv_cache_dtype": "fp8_inc"}, "a KV cache of fp8_inc on H100"),
        (DENSE, "H200", {"kv_cache_dtype": "fp8_ds_mla"}, "a KV cache of fp8_ds_mla on H200"),
        (LATENT, "H200", {"kv_cache_dtype": "fp8_e5m2"}, "a KV cache of fp8_e5m2 on H200"),
        (SPARSE, "A100", {}, "takes sparse latent attention on A100 80GB (8.0)"),
        (SPARSE, "L40S", {}, "takes sparse latent attention on L40S (8.9)"),
        (SINKS, "L40S", {"attention_backend": "FLASH_ATTN"}, "attention sinks on L40S (8.9)"),
        (DENSE, "H100", {"attention_backend": "FLASHMLA"}, "attention that is not latent on H100"),
        (LATENT, "H100", {"attention_backend": "FLASH_ATTN"}, "latent attention on H100"),
        (
            DENSE,
            "A100",
            {"attention_backend": "FLASH_ATTN", "kv_cache_dtype": "fp8"},
            "--attention-backend FLASH_ATTN does not take a KV cache of fp8 on A100",
        ),
        (DENSE, "H100", {"attention_backend": "XFORMERS"}, "has no attention backend XFORMERS"),
        (DENSE, "H100", {"enable_expert_parallel": True}, "the model has no experts"),
        (DENSE, "H100", {"speculative_tokens": 1}, "config.json names no MTP head"),
        (DENSE, "T4", {"dtype": "bfloat16"}, "bfloat16 needs compute capability 8.0"),
        (
            GEMMA,
            "A100",
            {"kv_cache_dtype": "fp8", "language_model_only": True},
            "TRITON_ATTN does not take a KV cache of fp8 on A100",
        ),
        (GEMMA, "A100", {"attention_backend": "FLASH_ATTN"}, "FLASH_ATTN does not take"),
        (GEMMA, "B200", {"attention_backend": "FLASH_ATTN"}, "images whose tokens see each other"),
        (GEMMA, "T4", {"dtype": "bfloat16"}, "bfloat16 needs compute capability 8.0"),
    ],
)
def test_what_no_part_of_vllm_takes_does_not_start(
    name: str, gpu: str, options: dict[str, Any], said: str, ask: Ask
) -> None:
    answer = ask(name, gpu, tensor_parallel_size=8 if name in {LATENT, SPARSE} else 2, **options)
    assert answer.answer.starts is False
    assert said in answer.answer.why


@pytest.mark.parametrize(
    ("name", "gpu", "options"),
    [
        (DENSE, "A100", {"kv_cache_dtype": "fp8"}),
        (DENSE, "H100", {"kv_cache_dtype": "nvfp4"}),
        (DENSE, "T4", {"dtype": "half"}),
        (DENSE, "H100", {"attention_backend": "AUTO"}),
        (DENSE, "MI300X", {"kv_cache_dtype": "fp8"}),
        (DENSE, "T4", {"kv_cache_dtype": "int8_per_token_head"}),
        (SINKS, "L40S", {}),
        (SINKS, "L40S", {"attention_backend": "TRITON_ATTN"}),
        (SINKS, "H100", {"attention_backend": "FLASH_ATTN", "enable_expert_parallel": True}),
        (SPARSE, "H200", {"tensor_parallel_size": 16}),
        (GEMMA, "H100", {"attention_backend": "FLASH_ATTN"}),
        (GEMMA, "L40S", {"kv_cache_dtype": "fp8"}),
    ],
)
def test_what_some_part_of_vllm_takes_starts(
    name: str, gpu: str, options: dict[str, Any], ask: Ask
) -> None:
    given = {"tensor_parallel_size": 2} | options
    assert ask(name, gpu, **given).answer.binds != "options"
    assert ask(name, gpu, **given).answer.starts


def test_fp8_with_heads_that_flashinfer_has_not_needs_ada(ask: Ask) -> None:
    config = {"head_dim": 96}
    refused = ask(DENSE, "A100", config=config, kv_cache_dtype="fp8")
    assert "a KV cache of fp8 with heads of 96 on A100 80GB (8.0)" in refused.answer.why
    assert ask(DENSE, "L40S", config=config, kv_cache_dtype="fp8").answer.starts


def test_volta_is_served_by_older_wheels(ask: Ask) -> None:
    assert ask(DENSE, "V100", "0.17.1").answer.starts


@pytest.mark.parametrize(("vllm", "starts"), [("0.31.0", False), ("0.32.0", True)])
def test_nvfp4_caches_are_for_hopper_since_032(vllm: str, starts: bool, ask: Ask) -> None:
    assert ask(DENSE, "H100", vllm, kv_cache_dtype="nvfp4").answer.starts is starts


# Bytes of a token and layer: 512 of the latent and 64 of the key, or those and scales; the indexer
# has 132 more.
@pytest.mark.parametrize(
    ("name", "gpu", "cache", "each"),
    [
        (SPARSE, "H200", "fp8", 656),
        (SPARSE, "B200", "fp8", 576),
        (SPARSE, "B200", "auto", 1152),
        (SPARSE, "RTX PRO 6000", "auto", 656),
        (SPARSE, "H200", "fp8_e4m3", 576),
        (GLM, "B200", "auto", 576),
        (GLM, "H200", "auto", 1152),
    ],
)
def test_sparse_latents_are_as_wide_as_the_backend_keeps_them(
    name: str, gpu: str, cache: str, each: int, ask: Ask
) -> None:
    fit = ask(name, gpu, kv_cache_dtype=cache, tensor_parallel_size=64)
    layers = fit.pool.groups[0].layers
    pages = {placed.spec.page for placed in layers if "latent" in placed.spec.shape}
    assert pages == {64 * each}


def test_float32_is_not_estimated_where_a_gpu_has_nothing_else(ask: Ask) -> None:
    config = {"model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"]}
    refused = ask(DENSE, "T4", config=config, dtype="float16", tensor_parallel_size=2)
    assert "vLLM does not run gemma2 in float16" in refused.answer.why
    with pytest.raises(NotEstimated, match="it runs in float32"):
        ask(DENSE, "T4", config=config, tensor_parallel_size=2)


@pytest.mark.parametrize(("gpu", "starts"), [("T4", False), ("L4", True)])
def test_quantized_weights_do_not_run_in_float32(gpu: str, starts: bool, ask: Ask) -> None:
    weights = {"num_bits": 4, "type": "int", "strategy": "channel", "symmetric": True}
    group = {"targets": ["Linear"], "weights": weights}
    quantization: dict[str, object] = {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
    }
    quantization |= {"config_groups": {"group_0": group}, "ignore": ["lm_head"]}
    config = {"model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"]}
    fit = ask(DENSE, gpu, config=config | {"quantization_config": quantization})
    assert fit.answer.starts is starts
    assert starts or "float32 here, which quantized weights do not" in fit.answer.why


def test_a_class_that_no_vllm_has_does_not_start(ask: Ask) -> None:
    unknown = ask(DENSE, "H100", config={"architectures": ["QuuxForCausalLM"]})
    assert "no vLLM up to 0.32.0 has a class QuuxForCausalLM" in unknown.answer.why
    remote = {"architectures": ["QuuxForCausalLM"], "auto_map": {"AutoModelForCausalLM": "q.Q"}}
    with pytest.raises(NotEstimated, match="backend of transformers' classes is not modelled"):
        ask(DENSE, "H100", config=remote)
    later = {"architectures": ["Step3p7ForConditionalGeneration"]}
    older = ask(DENSE, "H200", "0.17.1", config=later)
    assert "0.17.1 has no class Step3p7ForConditionalGeneration: it came with" in older.answer.why


def test_the_option_that_is_refused_is_left_out(ask: Ask, tmp_path: Path) -> None:
    fit = ask(DENSE, "T4", kv_cache_dtype="fp8", tensor_parallel_size=4)
    change = smallest_change(open_subject(tmp_path / "config.json"), fit)
    assert change is not None
    assert change.question.options.kv_cache_dtype is None


def test_refusals_are_findings_of_the_command(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config_of(DENSE)))
    done = run("fit", file, "--gpu", "H100", "--attention-backend", "FLASHMLA")
    assert done.returncode == 1
    assert "Starts: no" in done.stdout
    assert "FLASHMLA" not in done.stdout.partition("This starts")[2]
