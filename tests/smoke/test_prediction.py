"""What fit predicts of every start that was recorded on a GPU agrees with what it measured."""

import shlex
from typing import Any

import pytest

from release.fit.subject import open_subject
from release.memory.command import write_command
from release.memory.logs import read_log
from release.smoke.prediction import ENGINE, Figure, Prediction, Start, predict
from tests.conftest import ROOT

LOGS = ROOT / "tests" / "golden" / "logs"
# "GPU 0 has a total capacity of 79.18 GiB" (out-of-memory), and the H200's by its own log.
TOTAL = {"H100": 79.18, "H200": 139.80}
STARTS = [
    ("27b-a", "27b", "H200"),
    ("27b-b", "27b", "H200"),
    ("27b-c", "27b", "H200"),
    ("0.24.0-h100-qwen8b-2048", "qwen3-8b-fp8", "H100"),
    ("0.24.0-h100-qwen8b-16384", "qwen3-8b-fp8", "H100"),
    ("0.24.0-h100-qwen8b-1024seqs", "qwen3-8b-fp8", "H100"),
    ("0.24.0-h100-llama8b-graphs", "llama-3.1-8b", "H100"),
    ("0.24.0-h100-v2lite", "deepseek-v2-lite", "H100"),
    ("0.24.0-h100-v2lite-fp8", "deepseek-v2-lite", "H100"),
    ("0.24.0-h100-gptoss20b", "gpt-oss-20b-bf16", "H100"),
    ("0.24.0-h100-no-memory-left", "27b", "H100"),
    ("0.24.0-h100-gemma12b", "gemma-3-12b", "H100"),
    ("0.24.0-h100-gemma12b-small", "gemma-3-12b", "H100"),
    ("0.24.0-h100-27b-31gib-eager", "27b", "H100"),
    ("0.24.0-h100-27b-31gib-16seqs", "27b", "H100"),
    ("0.24.0-h100-27b-80gb-defaults", "27b", "H100"),
    ("0.24.0-h100-27b-align", "27b", "H100"),
]


def predicted(log: str, config: str, gpu: str, **cache: Any) -> Prediction:
    found = read_log((LOGS / f"{log}.log").read_text())
    words = tuple(shlex.split(write_command("model", found.stated.options))[3:])
    device = {"kind": "cuda", "name": f"NVIDIA {gpu}", "capability": [9, 0]}
    total = int(TOTAL[gpu] * 2**30)
    start = Start(ENGINE, words, found.version or "", device, total, found, cache)
    return predict(open_subject(LOGS / f"{config}.json"), start)


def unlike(figures: tuple[Figure, ...]) -> list[Figure]:
    return [figure for figure in figures if not figure.agrees]


@pytest.mark.parametrize(("log", "config", "gpu"), STARTS, ids=[log for log, _, _ in STARTS])
def test_it_agrees(log: str, config: str, gpu: str) -> None:
    prediction = predicted(log, config, gpu)
    assert prediction.unknown is None
    assert "memory for the cache" in [figure.name for figure in prediction.figures]
    assert unlike(prediction.figures) == []


def test_another_model_does_not() -> None:
    found = predicted("27b-a", "llama-3.1-8b", "H200", num_gpu_blocks=2048, block_size=784)
    names = [figure.name for figure in unlike(found.figures)]
    assert names == ["block", "blocks", "KV cache", "weights", "memory for the cache"]


def test_what_is_not_modelled_is_said() -> None:
    start = Start(ENGINE, ("--enable-lora",), "0.32.0", {}, None, read_log(""), {})
    found = predict(open_subject(LOGS / "27b.json"), start)
    assert found.unknown == "--enable-lora changes the memory in ways not modelled"
