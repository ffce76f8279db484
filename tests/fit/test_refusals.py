"""What vLLM refuses whatever the memory, by model, options, GPU and release."""

import json
from pathlib import Path

import msgspec
import pytest

from release.fit.changes import smallest_change
from release.fit.solve import Question, solve
from release.fit.subject import open_subject
from release.memory.command import parse_command
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
    short = msgspec.structs.replace(options, max_model_len=8192, enable_prefix_caching=False)
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


GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False, "sym": True}


def declared(folder: Path, **quantization: object) -> Path:
    config = json.loads((MODELS / "Qwen3-8B.json").read_text())["config"]
    file = folder / "config.json"
    file.write_text(json.dumps(config | {"quantization_config": quantization}))
    return file


def compressed(form: str, weights: dict[str, object], **others: object) -> dict[str, object]:
    inputs = others.pop("input_activations", None)
    group = {"targets": ["Linear"], "weights": weights, "input_activations": inputs}
    method = "compressed-tensors"
    return {"quant_method": method, "format": form, "config_groups": {"g": group}, **others}


INT4 = {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128}
INT8 = {"num_bits": 8, "type": "int", "strategy": "channel"}
TOKEN = {"num_bits": 8, "type": "int", "strategy": "token", "dynamic": True}
ORDERED = compressed("pack-quantized", INT4 | {"actorder": "group"}, ignore=["lm_head"])
SPARSE = {"format": "sparse-24-bitmask", "targets": ["Linear"], "ignore": []}


@pytest.mark.parametrize(
    ("quantization", "vllm", "why"),
    [
        (GPTQ, "0.32.0", ""),
        (GPTQ | {"desc_act": True}, "0.32.0", "its desc_act"),
        (GPTQ | {"desc_act": True, "group_size": -1}, "0.32.0", ""),
        (GPTQ | {"desc_act": True}, "0.29.0", ""),
        (GPTQ | {"sym": False}, "0.32.0", "asymmetric"),
        (GPTQ | {"sym": False}, "0.20.0", ""),
        (ORDERED, "0.32.0", "its actorder 'group'"),
        (ORDERED, "0.29.0", ""),
        (compressed("pack-quantized", INT4 | {"actorder": "static"}), "0.32.0", ""),
        (compressed("pack-quantized", INT4, sparsity_config=SPARSE), "0.32.0", "sparsity_config"),
        (compressed("pack-quantized", INT4, sparsity_config=SPARSE), "0.20.0", ""),
    ],
)
def test_a_declaration_that_a_release_no_longer_reads(
    quantization: dict[str, object], vllm: str, why: str, tmp_path: Path
) -> None:
    question = Question(Options(max_num_seqs=4), vllm, gpu=find_gpu("H100"))
    fit = solve(open_subject(declared(tmp_path, **quantization)), question)
    assert fit.answer.starts is not bool(why)
    assert why in fit.answer.why


@pytest.mark.parametrize(("gpu", "starts"), [("H100", True), ("B200", False), ("RTX 5090", False)])
def test_int8_does_not_run_on_blackwell(gpu: str, starts: bool, tmp_path: Path) -> None:
    file = declared(tmp_path, **compressed("int-quantized", INT8, input_activations=TOKEN))
    options = Options(max_num_seqs=4, max_model_len=8192)
    fit = solve(open_subject(file), Question(options, gpu=find_gpu(gpu)))
    assert fit.answer.starts is starts
    assert starts or "does not run on" in fit.answer.why


def test_a_hybrid_whose_prefixes_are_cached_needs_chunks() -> None:
    options = Options(
        enable_chunked_prefill=False,
        max_model_len=8192,
        max_num_batched_tokens=8192,
        max_num_seqs=4,
    )
    subject, gpu = open_subject(HYBRID), find_gpu("H200")
    assert "--no-enable-chunked-prefill" in solve(subject, Question(options, gpu=gpu)).answer.why
    without = msgspec.structs.replace(options, enable_prefix_caching=False)
    assert solve(subject, Question(without, gpu=gpu)).answer.starts


def test_a_video_that_is_not_cut_needs_a_step_of_its_size(tmp_path: Path) -> None:
    config = json.loads((MODELS / "gemma-4-26B-A4B.json").read_text())["config"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    options = Options(max_num_seqs=4, max_num_batched_tokens=2048)
    subject, gpu = open_subject(file), find_gpu("H200")
    assert "fewer than a video's 2,496" in solve(subject, Question(options, gpu=gpu)).answer.why
    text = msgspec.structs.replace(options, language_model_only=True)
    assert solve(subject, Question(text, gpu=gpu)).answer.starts


def test_sizes_of_graphs_agree_with_the_largest() -> None:
    options = Options(max_num_seqs=4, cudagraph_capture_sizes=(1, 2, 4))
    options = msgspec.structs.replace(options, max_cudagraph_capture_size=8)
    fit = solve(open_subject(HYBRID), Question(options, gpu=find_gpu("H200")))
    assert "--max-cudagraph-capture-size 8 is not the largest" in fit.answer.why


@pytest.mark.parametrize(
    ("dtype", "starts"), [(None, True), ("bfloat16", True), ("float16", False)]
)
def test_mxfp4_of_gpt_oss_takes_bfloat16_alone(
    dtype: str | None, starts: bool, tmp_path: Path
) -> None:
    config = json.loads((MODELS / "gpt-oss-20b.json").read_text())["config"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config | {"quantization_config": {"quant_method": "mxfp4"}}))
    options = Options(max_num_seqs=4, dtype=dtype)
    fit = solve(open_subject(file), Question(options, gpu=find_gpu("H100")))
    assert fit.answer.starts is starts
    assert starts or "takes bfloat16 alone" in fit.answer.why


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (("--linear-backend", "marlin"), "as --linear-backend marlin has it, else native FP4"),
        (("--moe-backend=triton", "--seed", "3"), "as --moe-backend=triton has it, else native"),
        (("--linear-backend", "auto"), "native FP4"),
    ],
)
def test_a_backend_of_the_kernels_that_is_named_is_said(rest: tuple[str, ...], said: str) -> None:
    question = Question(Options(max_num_seqs=4), gpu=find_gpu("B200"), rest=rest)
    fit = solve(open_subject(CHECKPOINTS / "llama-nvfp4"), question)
    assert fit.kernels["NVFP4"].startswith(said)


@pytest.mark.parametrize(("stated", "starts"), [(None, False), (1, True)])
def test_a_draft_says_how_many_tokens_unless_the_config_does(
    stated: int | None, starts: bool, tmp_path: Path
) -> None:
    config = json.loads((MODELS / "Qwen3-Next-80B-A3B-Thinking.json").read_text())["config"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config | ({"num_nextn_predict_layers": stated} if stated else {})))
    command = parse_command('vllm serve x -tp 4 --speculative-config \'{"method":"mtp"}\'')
    subject, gpu = open_subject(file), find_gpu("H200")
    fit = solve(subject, Question(command.options, gpu=gpu))
    assert fit.answer.starts is starts
    if not starts:
        assert "it needs num_speculative_tokens" in fit.answer.why
        change = smallest_change(subject, fit)
        assert change is not None
        assert '"num_speculative_tokens": 1' in change.command
