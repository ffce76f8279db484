import pytest

from tests.smoke.recorded import (
    asked,
    judged,
    recorded,
    replace,
    with_plan,
    with_reply,
    with_result,
)

FP8 = "llama-fp8-dynamic"
OPEN = "<|im_start|>assistant\n<think>\n"
PROSE = "The harbour was empty when the ferry came in, and two men caught the ropes."


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("q", "Paris" + "!" * 21),
        ("q", "ha ha " * 20),
        ("q", ""),
        (OPEN, "Hm."),
        (OPEN, "Hm.</think>"),
    ],
    ids=["one token", "repeated words", "nothing", "reasoning without end", "reasoning alone"],
)
def test_fires_once(prompt: str, text: str) -> None:
    run = asked(recorded(FP8), (prompt, text, "length", "paris"))
    assert judged("S107", FP8, run) == ["error ask-0"]


@pytest.mark.parametrize(
    "text", [PROSE, "42", PROSE + "!" * 20, "no no no"], ids=["prose", "short", "20", "echo"]
)
def test_silent_on_texts(text: str) -> None:
    assert judged("S107", FP8, asked(recorded(FP8), ("q", text, "stop", text))) == []


def test_silent_on_random_weights() -> None:
    assert judged("S107", FP8, with_reply(recorded(FP8), tokens=(0,) * 30)) == []


def test_silent_on_broken_numbers_which_are_another_rule_s() -> None:
    run = asked(recorded(FP8), ("q", "!" * 30, "length", "paris"))
    assert judged("S107", FP8, with_reply(run, broken=30)) == []


def test_fires_as_a_warning_when_alone_it_begins_otherwise() -> None:
    run = asked(recorded(FP8), ("q", PROSE, "stop", "harbour"))
    other = replace(run.outcome.result.answers[0], tokens=(1, 2, 3))
    assert judged("S107", FP8, with_result(run, alone=(other,))) == ["warning ask-0"]


def test_silent_when_it_differs_late() -> None:
    run = asked(recorded(FP8), ("q", PROSE, "stop", "harbour"))
    first = run.outcome.result.answers[0]
    other = replace(first, tokens=(*first.tokens[:8], 0, 0))
    assert judged("S107", FP8, with_result(run, alone=(other,))) == []


def test_silent_on_a_text_model_s_beginning() -> None:
    run = asked(recorded(FP8), ("The capital is", " Paris.", "length", "paris"))
    assert judged("S107", FP8, with_plan(run, kind="text")) == []
