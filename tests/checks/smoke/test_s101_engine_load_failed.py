import pytest

from release.smoke.causes import Cause
from release.unknown import Unknown
from tests.checks.smoke.test_s102_weights_not_initialised import SCALE, parameter
from tests.smoke.recorded import judged, recorded, replace, with_account, with_outcome

FP8 = "llama-fp8-dynamic"
LAST = "model.layers.1.mlp.up_proj.weight"
SHAPE = Cause("tensor-shape", "vLLM refuses the shape", "export it again")
MEMORY = Cause("kv-too-small", "To serve at least one request", "lower it")


def test_fires_at_the_tensor_that_was_read_last() -> None:
    failed = with_outcome(recorded(FP8), cause=SHAPE)
    failed = with_account(failed, lambda account: replace(account, loaded=False, last=LAST))
    assert judged("S101", FP8, failed) == [f"error {LAST}"]


def test_fires_without_a_place_when_memory_is_short() -> None:
    failed = with_outcome(recorded(FP8), cause=MEMORY)
    assert judged("S101", FP8, failed) == ["error checkpoint"]


def test_fires_when_vllm_never_read_a_tensor() -> None:
    failed = with_outcome(recorded(FP8), cause=SHAPE, accounts=())
    assert judged("S101", FP8, failed) == ["error checkpoint"]


def test_fires_where_memory_stays_in_use() -> None:
    kept = replace(recorded(FP8), memory_freed=False)
    assert judged("S101", FP8, kept) == ["warning checkpoint"]


@pytest.mark.parametrize("known", [True, Unknown("there is no nvidia-smi")])
def test_silent_where_memory_is_free_or_nobody_knows(known: bool | Unknown) -> None:
    assert judged("S101", FP8, replace(recorded(FP8), memory_freed=known)) == []


def test_silent_when_it_did_all_it_was_told() -> None:
    assert judged("S101", FP8, recorded(FP8)) == []


def test_silent_where_memory_that_nobody_filled_is_why() -> None:
    crash = Cause("other", "CUDA error: device-side assert triggered", "")
    failed = with_outcome(recorded(FP8), cause=crash)
    failed = with_account(failed, lambda account: parameter(account, SCALE, written=0))
    assert judged("S101", FP8, failed) == []
    assert judged("S102", FP8, failed) == [f"error {SCALE}"]
