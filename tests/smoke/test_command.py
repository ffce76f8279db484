"""`release smoke` and `release verify --smoke` as a user runs them, with the real vLLM."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MANIFEST, ROOT, VLLM_PYTHON, VLLM_SHIM, Run
from tests.mutate import Draft
from tests.smoke.cpu import CPU_HAS_BF16
from tests.smoke.processes import marked, wait_for

SERVE = [
    *("--max-model-len", "512", "--enforce-eager"),
    *("--reasoning-parser", "qwen3"),
    *("--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
]
SETTINGS = '[smoke]\nkind = "random"\nmax-model-len = 512\nimage = true\ntools = true\n'
ENGINE = {"PYTHONPATH": f"{ROOT}:{VLLM_SHIM}", "VLLM_CPU_KVCACHE_SPACE": "1"}

TOKEN = 512  # bytes: head dim 64, 2 KV heads, BF16
# What the page of the recurrent state needs, which vLLM keeps in F32 on a CPU that computes BF16.
BLOCK = 384 if CPU_HAS_BF16 else 256
POOL = 2**30 // (BLOCK * TOKEN)
REQUEST = 2, 3  # blocks that 512 tokens take: of attention, and of recurrent states


def manifest(folder: Path) -> None:
    served = MANIFEST.replace('["--max-model-len", "2048"]', json.dumps(SERVE))
    (folder / "release.toml").write_text(f"{served}\n{SETTINGS}")


@pytest.mark.vllm
@pytest.mark.slow
def test_the_whole_way_to_the_card(run: Run, mixed: Draft, tmp_path: Path) -> None:
    home = tmp_path / "work"
    manifest(home)
    options = ["--smoke", "--serve", "--python", VLLM_PYTHON, "--format", "json"]
    done = run("verify", mixed.path, *options, **ENGINE)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["levels"]["smoke"] == "done"
    judge_evidence(report["facts"]["smoke"])
    assert str(tmp_path) not in done.stdout
    done = run("card", mixed.path, "-o", "-")
    assert done.returncode == 0, done.stderr
    assert "Loaded and run in vLLM 0.32.0" in done.stdout
    assert "| NVFP4 | EmulationNvFp4LinearKernel |" in done.stdout
    assert "This command was run" in done.stdout


def judge_evidence(smoke: dict[str, Any]) -> None:
    assert smoke["started"]
    assert smoke["cause"] is None
    assert smoke["versions"]["vllm"].startswith("0.32.0")
    assert smoke["gdn"] == "CPU"
    assert smoke["kernels"] == {
        "CompressedTensorsW8A8Fp8": "ChannelWiseTorchFP8ScaledMMLinearKernel",
        "NVFP4": "EmulationNvFp4LinearKernel",
    }
    assert smoke["settled"]["block_size"] == BLOCK
    # With images on, the vision tower is loaded too: every tensor of the checkpoint.
    assert smoke["loading"]["tensors"] == 120
    assert smoke["loading"]["skipped"] == smoke["loading"]["gaps"] == []
    assert smoke["loading"]["tracked"] == ""
    served = smoke["served"]
    assert served["argv"] == ["acme/tiny-NVFP4", *SERVE]
    assert [each["name"] for each in served["exchanges"]] == ["chat", "stream", "tool", "image"]
    assert all(each["error"] is None for each in served["exchanges"])
    chat, stream, *_ = served["exchanges"]
    assert chat["reasoning"] == stream["reasoning"] != ""
    assert served["cache"]["num_gpu_blocks"] == str(POOL)
    judge_predictions(smoke)


def judge_predictions(smoke: dict[str, Any]) -> None:
    engine, card = smoke["predictions"]
    assert (engine["start"], card["start"]) == ("the smoke test", "the card's command")
    for prediction in (engine, card):
        assert [each["name"] for each in prediction["figures"]] == ["block", "blocks", "KV cache"]
    attention, states = REQUEST
    # Prefix caching, on by default when served, keeps a second state for each request.
    assert card["figures"][-1]["measured"] == [POOL * 512 // (attention + 2 * states)] * 2
    assert engine["figures"][-1]["measured"] == [POOL * 512 // (attention + states)] * 2


@pytest.mark.parametrize("command", [("smoke",), ("verify", "--smoke")])
def test_a_python_without_vllm_is_no_fault_of_the_checkpoint(
    command: tuple[str, ...], run: Run, mixed: Draft
) -> None:
    done = run(*command, mixed.path, "--python", sys.executable)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {sys.executable}: has no vllm (")


def test_nothing_of_the_folder_is_run_to_find_vllm(run: Run, mixed: Draft, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "importlib.py").write_text("open('taken-over', 'w')")
    (work / "vllm").mkdir()
    done = run("smoke", mixed.path, "--python", sys.executable)
    assert done.returncode == 2
    assert "has no vllm" in done.stderr
    assert not (work / "taken-over").exists()


def test_a_python_that_is_not_there_is_one_line(run: Run, mixed: Draft) -> None:
    done = run("smoke", mixed.path, "--python", "nowhere/python")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "nowhere/python: cannot be started: No such file" in done.stderr


def test_serving_needs_a_manifest(run: Run, mixed: Draft) -> None:
    done = run("smoke", mixed.path, "--serve", "--python", sys.executable)
    assert done.returncode == 2
    assert "--serve needs a manifest" in done.stderr


def test_a_misspelt_key_of_the_manifest_is_named(run: Run, mixed: Draft, tmp_path: Path) -> None:
    (tmp_path / "work" / "release.toml").write_text(f"{MANIFEST}\n[smoke]\ntoken = 3\n")
    done = run("smoke", mixed.path)
    assert done.returncode == 2
    assert "did you mean 'tokens'?" in done.stderr


@pytest.mark.vllm
@pytest.mark.slow
def test_the_time_limit_ends_it(run: Run, mixed: Draft) -> None:
    done = run("smoke", mixed.path, "--python", VLLM_PYTHON, "--timeout", 1, **ENGINE)
    assert done.returncode == 1
    assert "timeout: it was ended after" in done.stdout


@pytest.mark.vllm
@pytest.mark.slow
def test_killed_in_the_middle_nothing_is_left(mixed: Draft, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "release", "smoke", str(mixed.path)]
    owner = subprocess.Popen(
        [*command, "--python", str(VLLM_PYTHON)],
        cwd=tmp_path,
        env={**os.environ, **ENGINE, "MARK": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_for(lambda: len(marked(tmp_path)) == 3)  # ours, the engine's, the guard
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert wait_for(lambda: not marked(tmp_path))
