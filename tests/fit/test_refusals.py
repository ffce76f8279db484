"""What vLLM refuses whatever the memory, by model, options, GPU and release."""

import json
from pathlib import Path

import msgspec
import pytest

from release.fit.solve import Question, solve
from release.fit.subject import open_subject
from release.memory.gpus import find_gpu
from release.memory.options import Options
from tests.conftest import CHECKPOINTS, ROOT, Run
from tests.golden.test_logs import HYBRID

MODELS = ROOT / "tests" / "memory" / "configs"


@pytest.mark.parametrize(
    ("gpu", "starts"), [("V100 32GB", False), ("T4", True), ("MI300X", True)], ids=str
)
def test_a_gpu_without_kernels_for_the_weights_does_not_start(gpu: str, starts: bool) -> None:
    fit = solve(
        open_subject(CHECKPOINTS / "llama-nvfp4"),
        Question(Options(max_num_seqs=4), gpu=find_gpu(gpu)),
    )
    assert fit.answer.starts is starts
    assert starts or "compute capability 7.5, V100 32GB has 7.0" in fit.answer.why


def test_a_request_that_is_not_chunked_needs_a_step_of_its_length() -> None:
    options = Options(enable_chunked_prefill=False, max_num_batched_tokens=8192, max_num_seqs=4)
    question = Question(options, gpu=find_gpu("H200"))
    fit = solve(open_subject(HYBRID), question)
    assert fit.answer.starts is False
    assert "8,192 tokens a step are fewer than a request's 262,144" in fit.answer.why
    short = msgspec.structs.replace(options, max_model_len=8192)
    assert solve(open_subject(HYBRID), Question(short, gpu=find_gpu("H200"))).answer.starts


@pytest.mark.parametrize(("release", "limit"), [("0.29.0", 131_072), ("0.30.0", 40_960)])
def test_yarn_stretches_a_context_until_vllm_030(release: str, limit: int, tmp_path: Path) -> None:
    config = json.loads((MODELS / "Qwen3-8B.json").read_text())["config"]
    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32_768}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config | {"rope_scaling": rope}))
    options = Options(max_num_seqs=4)
    fit = solve(open_subject(file), Question(options, release, available=80 << 30))
    assert fit.answer.at_least.max_model_len == limit


@pytest.mark.parametrize("size", ["nan", "inf", "-5GiB", "5 apples"])
def test_what_is_no_size_is_one_line(size: str, run: Run) -> None:
    done = run("fit", HYBRID, f"--available={size}")
    assert done.returncode == 2
    assert f"{size!r} is not a size such as 44.49GiB" in done.stderr


@pytest.mark.parametrize(("name", "starts"), [("qwen3-fp8-kv", False), ("qwen3_next-fp8", True)])
def test_e5m2_does_not_go_with_scales_of_the_cache(name: str, starts: bool) -> None:
    options = Options(kv_cache_dtype="fp8_e5m2", max_num_seqs=4)
    fit = solve(open_subject(CHECKPOINTS / name), Question(options, gpu=find_gpu("H200")))
    assert fit.answer.starts is starts
    assert starts or "--kv-cache-dtype fp8_e5m2: not for a checkpoint" in fit.answer.why


def test_a_draft_that_is_not_modelled_is_not_estimated(run: Run) -> None:
    config = '{"method":"ngram","num_speculative_tokens":4,"prompt_lookup_max":4}'
    done = run("fit", HYBRID, "--gpu", "H200", "--speculative-config", config)
    assert done.returncode == 3
    assert "--speculative-config: not estimated: of drafts only" in done.stderr
