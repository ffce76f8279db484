from typing import Any

import pytest

from release.memory.logs import EngineLog, read_log
from release.smoke.evidence import Run
from release.smoke.serve import Served
from tests.conftest import ROOT
from tests.smoke.recorded import judged, recorded, replace, with_outcome, with_result

LOGS = ROOT / "tests" / "golden" / "logs"
SERVED = (
    *("acme/tiny", "--max-model-len", "512", "--enforce-eager", "--no-enable-prefix-caching"),
    *("--limit-mm-per-prompt", '{"image": 0, "video": 0}'),
)


def log_of(name: str) -> EngineLog:
    return read_log((LOGS / f"{name}.log").read_text())


CPU, HOPPER = log_of("0.32.0-cpu-qwen3_5-mixed"), log_of("0.24.0-h100-mixed-qwen3_5")


def on_cpu(**changes: Any) -> Run:
    return with_outcome(recorded("demo"), memory=replace(CPU, **changes))


def on_hopper(**changes: Any) -> Run:
    return with_outcome(recorded("h100-mixed-qwen3_5"), memory=replace(HOPPER, **changes))


def cached(run: Run, **changes: Any) -> Run:
    return with_result(run, cache=run.outcome.result.cache | changes)


def warned(*names: str) -> list[str]:
    return [f"warning the smoke test: {name}" for name in names]


@pytest.mark.parametrize("run", [on_cpu(), on_hopper()], ids=["cpu", "h100"])
def test_silent_on_what_was_recorded(run: Run) -> None:
    assert judged("S110", "demo", run) == []


def test_fires_when_the_cache_holds_other_tokens() -> None:
    assert judged("S110", "demo", on_cpu(tokens=559_206 // 4)) == warned("KV cache")


def test_fires_when_a_block_is_of_another_size() -> None:
    # 5,461 blocks of 384 tokens fill the 1 GiB; no kernel's block leads to 400.
    run = cached(on_cpu(), block_size=400)
    assert judged("S110", "demo", run) == warned("block")


def test_silent_when_a_kernel_takes_larger_blocks() -> None:
    # 144 tokens need 160 in steps of 32: 1.11 times the bytes a block, so fewer of them.
    blocks = 107_813 * 144 // 160
    run = cached(on_hopper(tokens=None), block_size=160, num_gpu_blocks=blocks)
    assert judged("S110", "demo", run) == []


def test_fires_when_the_memory_makes_other_blocks() -> None:
    run = cached(on_hopper(tokens=None), num_gpu_blocks=53_906)
    assert judged("S110", "demo", run) == warned("blocks")


def test_fires_when_weights_or_the_rest_are_out_of_range() -> None:
    # The share is 7.92 GiB; the weights are 1 MB, the slack 64 MiB.
    assert judged("S110", "demo", on_hopper(weights_gib=0.3)) == warned("weights")
    found = judged("S110", "demo", cached(on_hopper(available_gib=3.0), num_gpu_blocks=None))
    assert found == warned("memory for the cache")


def test_fires_when_what_a_request_needs_is_another_figure() -> None:
    run = cached(on_cpu(needed_gib=1.0, tokens=None), num_gpu_blocks=None)
    assert judged("S110", "demo", run) == warned("one request")


def test_silent_on_a_start_that_came_to_no_figure() -> None:
    run = cached(with_outcome(on_cpu(), memory=EngineLog()), num_gpu_blocks=None, block_size=None)
    assert judged("S110", "demo", run) == []


def test_fires_as_a_note_on_a_vllm_that_is_newer_than_the_model() -> None:
    run = with_result(on_cpu(tokens=9), versions={"vllm": "0.99.0"})
    assert judged("S110", "demo", run) == ["info the smoke test: KV cache"]


def test_fires_by_the_card_s_command_too() -> None:
    cache = {"block_size": "384", "num_gpu_blocks": "5461", "mamba_ssm_cache_dtype": "float32"}
    good = Served(SERVED, cache=cache, memory=CPU)
    assert judged("S110", "demo", on_cpu(), good) == []
    bad = replace(good, cache=cache | {"num_gpu_blocks": "2730"})
    places = [f"warning the card's command: {name}" for name in ("blocks", "KV cache")]
    assert judged("S110", "demo", on_cpu(), bad) == places
