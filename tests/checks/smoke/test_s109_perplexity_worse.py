import pytest

from release.smoke.engine import Likelihood
from release.smoke.evidence import Run
from tests.smoke.recorded import judged, recorded, replace, with_result

FP8 = "llama-fp8-dynamic"
# 100 tokens at exp(2) = 7.39: a ratio of r needs 100 ln r more nats.
BASE = (Likelihood(-200.0, 100),)


def measured(nats: float | None) -> Run:
    run = with_result(recorded(FP8), likelihoods=(Likelihood(nats, 100),))
    return replace(run, base=BASE)


@pytest.mark.parametrize(("nats", "severity"), [(-212.0, "warning"), (-230.0, "error")])
def test_fires_by_the_ratio(nats: float, severity: str) -> None:
    assert judged("S109", FP8, measured(nats)) == [f"{severity} texts"]


@pytest.mark.parametrize("nats", [-209.0, -200.0, -150.0])
def test_silent_when_it_is_close_or_better(nats: float) -> None:
    assert judged("S109", FP8, measured(nats)) == []


def test_silent_without_a_base() -> None:
    run = with_result(recorded(FP8), likelihoods=(Likelihood(-900.0, 100),))
    assert judged("S109", FP8, run) == []


def test_silent_on_broken_numbers_which_are_another_rule_s() -> None:
    assert judged("S109", FP8, measured(None)) == []
