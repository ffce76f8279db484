from release.smoke.causes import Cause
from release.smoke.engine import Likelihood
from tests.smoke.recorded import judged, recorded, with_outcome, with_reply, with_result

FP8 = "llama-fp8-dynamic"


def test_fires_on_the_request_with_a_broken_probability() -> None:
    assert judged("S106", FP8, with_reply(recorded(FP8), broken=3)) == ["error ask-0"]


def test_fires_on_a_text_that_is_only_read() -> None:
    run = with_result(recorded(FP8), likelihoods=(Likelihood(-9.5, 4), Likelihood(None, 4)))
    assert judged("S106", FP8, run) == ["error texts"]


def test_silent_on_texts_where_the_requests_say_it_already() -> None:
    run = with_result(recorded(FP8), likelihoods=(Likelihood(None, 4),))
    assert judged("S106", FP8, with_reply(run, broken=1)) == ["error ask-0"]


def test_silent_on_unlikely_tokens() -> None:
    assert judged("S106", FP8, with_reply(recorded(FP8), logprobs=(-90.0,))) == []


def test_silent_where_nothing_was_generated() -> None:
    run = with_outcome(with_reply(recorded(FP8), broken=3), cause=Cause("other", "", ""))
    assert judged("S106", FP8, run) == []
