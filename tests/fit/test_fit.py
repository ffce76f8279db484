"""`release fit` as a person runs it; the figures themselves are held to vLLM in tests/memory."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from release.errors import ReleaseError
from release.memory.gpus import all_gpus, find_gpu, find_gpus, native_kernels
from tests.conftest import DEMO, Run
from tests.golden.test_logs import HYBRID, LOGS

KEYS = {
    *("starts", "why", "available_bytes", "block_size", "num_blocks", "blocks_per_request"),
    *("tokens", "max_concurrency", "longest_request", "assumptions"),
}


def fit(run: Run, *args: object, code: int = 0) -> dict[str, Any]:
    result = run("fit", *args, "--format", "json")
    assert result.returncode == code, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_config_alone_is_enough(run: Run) -> None:
    found = fit(run, HYBRID, "--available", "7GiB", "--kv-cache-dtype", "fp8", code=1)
    assert found.keys() >= KEYS
    # facts of vLLM 0.32's own code for 7 GiB: 146 blocks, 217,952 tokens at most with the null
    # block kept back is one block less of 1568.
    assert (found["num_blocks"], found["block_size"]) == (146, 1568)
    assert found["longest_request"] == 217_952
    assert "needs 8.3" in found["why"]


def test_a_folder_without_weights_says_the_same(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    shutil.copy(HYBRID, folder / "config.json")
    args = ("--gpu", "RTX PRO 6000", "--kv-cache-dtype", "fp8")
    one, other = fit(run, folder, *args, code=0), fit(run, HYBRID, *args, code=0)
    assert one["terms"] == other["terms"]
    assert one["terms"][1]["source"] == "computed from config.json"


def test_weights_of_a_checkpoint_are_exact(run: Run) -> None:
    found = fit(run, DEMO, "--gpu", "RTX 5090")
    weights = found["terms"][1]
    assert (weights["basis"], weights["low"]) == ("exact", weights["high"])
    assert found["kernels"] == {"FP8_DYNAMIC": "native FP8", "NVFP4": "native FP4"}


def test_an_h100_has_too_few_blocks_for_the_default_sequences(run: Run) -> None:
    found = fit(run, HYBRID, "--gpu", "H100", code=1)
    assert found["binds"] == "state blocks"
    assert "--max-num-seqs" in found["change"]
    assert found["kernels"]["NVFP4"] == "weight-only (Marlin or Humming)"


def test_the_change_that_is_named_does_start(run: Run) -> None:
    asked = ("--gpu", "RTX 5090", "--max-model-len", "131072", "--gpu-memory-utilization", "0.85")
    found = fit(run, HYBRID, *asked, code=1)
    changed = found["change"]
    assert fit(run, HYBRID, "--gpu", "RTX 5090", "--audit", changed)["starts"] is True


def test_a_pasted_command_is_judged(run: Run) -> None:
    pasted = "vllm serve acme/model --max-model-len 131072 --gpu-memory-utilization 0.85"
    found = fit(run, HYBRID, "--gpu", "RTX 5090", "--audit", pasted, code=1)
    assert found["max_model_len"] == 131_072
    result = run("fit", HYBRID, "--gpu", "H200", "--max-num-seqs", "4", "--audit", pasted)
    assert result.returncode == 2
    assert "takes its options from the command" in result.stderr


def test_no_more_and_no_longer_requests_are_shown_than_are_admitted(run: Run) -> None:
    asked = ("--gpu", "H200", "--max-num-seqs", "4", "--max-model-len", "50000")
    assert fit(run, HYBRID, *asked)["at_most"]["short_requests"] == 4
    rows = run("fit", HYBRID, *asked).stdout.partition("Requests at once")[2].split("Kernels")[0]
    counted = [line.split() for line in rows.splitlines() if line.strip()[:1].isdigit()]
    assert counted[-1] == ["50,000", "4.0"]
    assert {count for _, count in counted} == {"4.0"}
    assert "max_num_seqs admits 4" in rows


def test_a_size_without_a_unit_is_bytes_or_a_question(run: Run) -> None:
    assert fit(run, HYBRID, "--available", 44 << 30)["available_bytes"] == 44 << 30
    result = run("fit", HYBRID, "--available", "44.49")
    assert result.returncode == 2
    assert "'44.49' names no unit: 44.49GiB?" in result.stderr


def test_options_that_vllm_refuses_do_not_start(run: Run) -> None:
    for args, why in (
        (("--max-model-len", "262145"), "more than the model's 262,144 tokens"),
        (("--max-num-batched-tokens", "64", "--max-num-seqs", "65"), "fewer than max_num_seqs"),
        (("--gpu-memory-utilization", "1"), "free at the start"),
    ):
        found = fit(run, HYBRID, "--gpu", "H200", *args, code=1)
        assert why in found["why"]
        assert found["change"]


def test_a_log_turns_estimates_into_measurements(run: Run) -> None:
    found = fit(run, HYBRID, "--from-log", LOGS / "27b-b.log")
    assert (found["vllm"], found["tokens"], found["num_blocks"]) == ("0.24.0", 3_142_661, 2050)
    terms = {term["name"]: term for term in found["terms"]}
    assert {term["basis"] for term in terms.values()} == {"measured"}
    assert terms["available"]["low"] == terms["available"]["high"] == 105_329_459_200
    assert terms["weights"]["low"] < 22.86 * 2**30 < terms["weights"]["high"]


def test_what_is_not_modelled_is_said(run: Run, tmp_path: Path) -> None:
    strange = tmp_path / "config.json"
    strange.write_text('{"model_type": "never_heard_of"}')
    result = run("fit", strange, "--available", "7GiB")
    assert (result.returncode, result.stdout) == (3, "")
    assert "not estimated: model_type 'never_heard_of' is not one we know" in result.stderr
    strange.write_text('{"model_type": "qwen3_moee"}')
    assert "(nearest: qwen3_moe, " in run("fit", strange, "--available", "7GiB").stderr
    strange.write_text('{"num_hidden_layers": 2}')
    assert "config.json names no model_type" in run("fit", strange, "--available", "7GiB").stderr
    result = run("fit", HYBRID, "--available", "7GiB", "--kv-cache-dtype", "fp8_ds_mla")
    assert result.returncode == 3
    assert "not modelled" in result.stderr


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("--gpu", "RTX 5091"), "did you mean RTX 5090 or"),
        ((), "name a GPU"),
        (("--available", "lots"), "is not a size"),
        (("--available", "7GiB", "--max-model-len", "many"), "--max-model-len"),
        (("--available", "7GiB", "--vllm", "0.9.0"), "0.17.0 or later"),
        (("--available", "7GiB", "--gpu", "H200"), "two answers"),
        (("--from-log", "nowhere.log"), "cannot be read"),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(
    run: Run, args: tuple[str, ...], hint: str
) -> None:
    result = run("fit", HYBRID, *args)
    assert result.returncode in {2, 3}
    assert hint in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_several_gpus_are_compared_and_drawn(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "work" / "fit.svg"
    args = ("--gpu", "RTX PRO 6000", "--gpu", "H200", "--max-num-seqs", "64")
    result = run("fit", HYBRID, *args, "--picture", picture, "--format", "markdown")
    assert result.returncode == 0, result.stderr
    assert "| Length in tokens | RTX PRO 6000 Blackwell, auto KV | H200, auto KV |" in result.stdout
    text = picture.read_text()
    assert text.startswith("<svg ")
    assert text.count("<polyline") == text.count("<polygon") == 2
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    ("ranks", "why", "starts"),
    [
        (3, "32 attention heads cannot be split over 3 GPUs", 2),
        (16, "12 KV heads cannot be split", 4),
    ],
)
def test_heads_that_cannot_be_split_do_not_start(
    run: Run, tmp_path: Path, ranks: int, why: str, starts: int
) -> None:
    config = tmp_path / "config.json"
    sizes = {"hidden_size": 512, "num_hidden_layers": 2, "num_attention_heads": 32, "head_dim": 16}
    raw = {"model_type": "llama", "vocab_size": 512, "num_key_value_heads": 12, **sizes}
    config.write_text(json.dumps(raw))
    found = fit(run, config, "--gpu", "H100", "--tensor-parallel-size", ranks, code=1)
    assert found["starts"] is False
    assert found["why"].startswith(why)
    assert f"--tensor-parallel-size {starts} " in f"{found['change']} "


def test_engines_side_by_side_are_as_one_unless_they_share_experts(run: Run) -> None:
    one = fit(run, HYBRID, "--gpu", "H200", "--max-num-seqs", "64")
    two = fit(run, HYBRID, "--gpu", "H200", "--max-num-seqs", "64", "-dp", "2")
    assert one["terms"] == two["terms"]
    assert "the figures of one of 2 engines, each on its own GPUs" in two["assumptions"]
    sparse = LOGS.parents[1] / "checkpoints" / "qwen3_moe-fp8"
    result = run("fit", sparse, "--gpu", "H200", "-dp", "2")
    assert result.returncode == 3
    assert "--data-parallel-size splits experts" in result.stderr


def test_commands_are_one_line_each(run: Run) -> None:
    result = run("fit", HYBRID, "--gpu", "RTX 5090", "--max-model-len", "131072", COLUMNS="40")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert f"vllm serve {HYBRID.stem} --max-model-len 131072" in lines


def test_every_gpu_has_a_source_and_a_plausible_total() -> None:
    for gpu in all_gpus():
        assert gpu.source
        assert 0 < gpu.low <= gpu.high < gpu.low * 1.071  # ECC takes a sixteenth
        if gpu.smi:
            assert gpu.high < gpu.smi << 20  # CUDA reports less than nvidia-smi
        assert find_gpu(gpu.name.upper().replace(" ", "-")) == gpu


# As drivers, shops and cards write them.
@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("5090", "RTX 5090"),
        ("NVIDIA GeForce RTX 5090", "RTX 5090"),
        ("RTX 5090 (32 GB)", "RTX 5090"),
        ("NVIDIA H100 80GB HBM3", "H100 80GB"),
        ("H100 SXM5", "H100 80GB"),
        ("NVIDIA H100 NVL", "H100 NVL"),
        ("NVIDIA A100-SXM4-80GB", "A100 80GB"),
        ("NVIDIA A100-PCIE-40GB", "A100 40GB"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell"),
        ("DGX Spark", "GB10"),
        ("AMD Instinct MI300X", "MI300X"),
        ("Tesla T4", "T4"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("RTX 4090 48GB", "RTX 4090 48GB"),
        ("NVIDIA GB300", "GB300"),
        ("AMD Instinct MI355X", "MI355X"),
        ("H100-80G", "H100 80GB"),
        ("A100-40G", "A100 40GB"),
        ("A100 80GB PCIe", "A100 80GB"),
        ("RTX 3060", "RTX 3060"),
        ("4060 Ti 16GB", "RTX 4060 Ti 16GB"),
        ("2080 Ti", "RTX 2080 Ti"),
        ("NVIDIA Thor", "Jetson AGX Thor"),
        ("AMD Radeon RX 7900 XTX", "RX 7900 XTX"),
        ("V100-SXM2-16GB", "V100 16GB"),
    ],
)
def test_a_gpu_is_found_as_people_write_it(name: str, gpu: str) -> None:
    assert find_gpu(name).name == gpu


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("RTX 5090 24GB", "RTX 5090"),  # a laptop's
        ("RTX 5090 Laptop GPU", "RTX 5090"),
        ("2x RTX 5090", '--gpu "RTX 5090" --tensor-parallel-size 2'),
        ("RTX 5091", "did you mean RTX 5090"),
        ("4060 Ti", "did you mean RTX 4060 or RTX 4060 Ti 16GB?"),
        ("Gaudi 3", "plugin for it sizes its cache is not modelled; or --available"),
        ("h100x8", '--gpu "H100 80GB" --tensor-parallel-size 8'),
        ("", "known are RTX 3090"),
    ],
)
def test_what_is_another_gpu_is_not_taken_for_one(name: str, hint: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        find_gpu(name)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "gpu", "count"),
    [
        ("8xH100", "H100 80GB", 8),
        ("h100x8", "H100 80GB", 8),
        ("2 x NVIDIA A100 80GB", "A100 80GB", 2),
        ("4090x2", "RTX 4090", 2),
        ("dual 3090", "RTX 3090", 2),
        ("two 3090s", "RTX 3090", 2),
        ("H100-80GB:4", "H100 80GB", 4),
        ("RTX 4090", "RTX 4090", None),
    ],
)
def test_several_gpus_are_counted(name: str, gpu: str, count: int | None) -> None:
    found, counted = find_gpus(name)
    assert (found.name, counted) == (gpu, count)


def test_a_command_for_more_gpus_than_there_are_does_not_start(run: Run) -> None:
    asked = ("--max-num-seqs", "16", "--max-model-len", "8192")
    four = fit(run, HYBRID, "--gpu", "2xH100", "-tp", "4", *asked, code=1)
    assert four["why"] == "it needs 4 GPUs, and 2 are there"
    assert "--tensor-parallel-size 2" in four["change"]
    two = fit(run, HYBRID, "--gpu", "4x H100", "-tp", "2", *asked)
    assert "2 of 4 GPUs used (-tp takes more)" in two["assumptions"]
    spread = ("-tp", "4", "--distributed-executor-backend", "ray")
    assert fit(run, HYBRID, "--gpu", "2xH100", *spread, *asked)["starts"]


@pytest.mark.parametrize(
    ("scheme", "gpu", "how"),
    [
        ("NVFP4", "B200", "native FP4"),
        ("NVFP4", "H100", "weight-only (Marlin or Humming)"),
        ("NVFP4A16", "B200", "weight-only (Marlin or CuTe)"),
        ("NVFP4A16", "RTX 5090", "weight-only (Marlin)"),
        ("FP8_DYNAMIC", "RTX 4090", "native FP8"),
        ("FP8", "A100", "weight-only (Marlin)"),
        ("FP8_BLOCK", "L40S", "native FP8"),
        ("W4A16_ASYM", "RTX 3090", "weight-only (Marlin)"),
        ("W8A8", "A100", "native INT8"),
        ("NVFP4", "MI300X", "not known: not an NVIDIA GPU"),
        ("MXFP4", "RTX 5090", "native FP4"),
        ("MXFP8", "B200", "native FP8"),
        ("MXFP8", "H100", "weight-only (Marlin or Humming)"),
        ("W4AFP8", "H100", "not known"),
        ("MXFP4XFP8", "B200", "not known"),
        ("W8A8", "B200", "not known"),
        ("W4A16", "V100", "not supported"),
    ],
)
def test_kernels_by_scheme_and_gpu(scheme: str, gpu: str, how: str) -> None:
    assert native_kernels(scheme, find_gpu(gpu)) == how
