"""The memory that we predict for the cache against what vLLM measured on real GPUs."""

import pytest

from release.fit.solve import Fit, Question, solve
from release.fit.subject import open_subject
from release.memory.gpus import find_gpu
from release.memory.logs import EngineLog, read_log
from release.units import GIB
from tests.golden.test_logs import DIED, LOGS, STARTS, STARTS_H200, fit_of

HALF = GIB // 200  # vLLM prints two decimals
REFUSED = [
    ("gemma12b-small", "gemma-3-12b", 0),
    ("27b-80gb-defaults", "27b", 0),
    ("falconh1-defaults", "falcon-h1-7b", 0),
]
STARTED = [(f"0.24.0-h100-{name}", config, "H100") for name, config, _ in STARTS + REFUSED + [DIED]]
STARTED += [(f"0.24.0-h200-{name}", config, "H200") for name, config, _ in STARTS_H200]
STARTED += [(f"27b-{run}", "27b", "H200") for run in "abc"]


def predict(name: str, config: str, gpu: str) -> tuple[EngineLog, Fit]:
    """Answer for a log's own options on its GPU; no figure of the log is used."""
    log = read_log((LOGS / f"{name}.log").read_text())
    assert log.version is not None
    question = Question(log.stated.options, log.version, find_gpu(gpu))
    return log, solve(open_subject(LOGS / f"{config}.json"), question)


@pytest.mark.parametrize(("name", "config", "gpu"), STARTED, ids=[name for name, _, _ in STARTED])
def test_what_vllm_measured_is_within_what_we_predict(name: str, config: str, gpu: str) -> None:
    log, fit = predict(name, config, gpu)
    assert log.available_gib is not None
    low, high = fit.answer.available_range
    if log.stated.options.pipeline_parallel_size in {None, 1}:
        assert low <= log.available_gib * GIB <= high
    # Of a pipeline the log names the first stage's memory; its blocks are those of the scarcest.
    least, most = fit_of(name, LOGS / f"{config}.json")[1].answer.available_range
    assert low <= least <= most <= high
    # A range that says nothing would hold anything; what graphs take is known least.
    graphs = next(term for term in fit.answer.terms if term.name == "CUDA graphs")
    assert high - low - graphs.high <= max(4.5 * GIB, 0.16 * high)


@pytest.mark.parametrize(("name", "config", "gpu"), STARTED, ids=[name for name, _, _ in STARTED])
def test_loaded_weights_are_within_what_we_predict(name: str, config: str, gpu: str) -> None:
    log, fit = predict(name, config, gpu)
    assert log.weights_gib is not None
    parts = [term for term in fit.answer.terms if "weights" in term.name]
    assert len(parts) == 2
    measured = int(log.weights_gib * GIB)
    assert sum(term.low for term in parts) <= measured + HALF
    assert measured - HALF <= sum(term.high for term in parts)


@pytest.mark.parametrize(("name", "config", "gpu"), STARTED, ids=[name for name, _, _ in STARTED])
def test_parts_that_vllm_logged_are_within_what_we_predict(
    name: str, config: str, gpu: str
) -> None:
    log, fit = predict(name, config, gpu)
    measured = {
        "activation peak": log.peak_gib,
        "kernels and workspaces": log.other_gib,
        "CUDA graphs": log.graphs_estimated_gib,
    }
    for term in fit.answer.terms:
        size = measured.get(term.name)
        if size is not None:
            assert term.low - HALF <= size * GIB <= term.high + HALF, term
