import pytest

from release.smoke.causes import Cause
from release.smoke.evidence import Run
from release.smoke.serve import Served
from release.smoke.transcript import Trouble
from tests.checks.smoke.test_s102_weights_not_initialised import SCALE, parameter
from tests.smoke.recorded import judged, recorded, replace, with_account, with_outcome

FP8, KV = "llama-fp8-dynamic", "qwen3-fp8-kv"
SKIPPED = Trouble("skipped", "a.b not found in params_dict, skip loading", "a.b")
DIFFER = Trouble("scales-differ", "the weight global scale is different for parallel layers")
DEFAULT = Trouble("default-kv-scale", "Using KV cache scaling factor 1.0 for fp8_e4m3.")
QUERY = Trouble("default-kv-scale", "Checkpoint does not provide a q scaling factor.")


def troubled(name: str, *troubles: Trouble) -> Run:
    run = recorded(name)
    return with_outcome(run, transcript=replace(run.outcome.transcript, troubles=troubles))


@pytest.mark.parametrize(("trouble", "where"), [(SKIPPED, "a.b"), (DIFFER, "checkpoint")])
def test_fires_on_what_the_log_says(trouble: Trouble, where: str) -> None:
    assert judged("S103", FP8, troubled(FP8, trouble)) == [f"error {where}"]


def test_fires_on_declared_cache_scales_that_are_missing() -> None:
    assert judged("S103", KV, troubled(KV, DEFAULT)) == ["error checkpoint"]


def test_fires_once_on_many_of_a_kind() -> None:
    skipped = [replace(SKIPPED, name=f"a.{number}") for number in range(400)]
    assert judged("S103", FP8, troubled(FP8, *skipped, DIFFER)) == ["error a.0", "error checkpoint"]


def test_fires_on_what_only_the_server_says() -> None:
    served = Served(("acme/tiny",), troubles=(DIFFER, SKIPPED))
    found = judged("S103", FP8, troubled(FP8, SKIPPED), served)
    assert found == ["error a.b", "error checkpoint"]


def test_silent_on_a_cache_in_fp8_that_nobody_declared() -> None:
    assert judged("S103", FP8, troubled(FP8, DEFAULT)) == []


def test_silent_on_the_scale_of_q_which_no_checkpoint_has() -> None:
    assert judged("S103", KV, troubled(KV, QUERY)) == []


def test_silent_on_scales_that_were_never_loaded() -> None:
    run = with_account(troubled(FP8, DIFFER), lambda a: parameter(a, SCALE, written=0))
    assert judged("S103", FP8, run) == []


def test_silent_where_vllm_did_not_start() -> None:
    run = with_outcome(troubled(FP8, SKIPPED), cause=Cause("other", "", ""))
    assert judged("S103", FP8, run) == []
