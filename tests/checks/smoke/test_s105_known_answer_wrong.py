from tests.smoke.recorded import asked, judged, recorded, with_plan

FP8 = "llama-fp8-dynamic"
OPEN = "<|im_start|>assistant\n<think>\n"


def test_fires_on_a_wrong_answer_of_two() -> None:
    run = asked(recorded(FP8), ("q", "Lyon", "stop", "paris"), ("q", "It is 42.", "stop", "42"))
    assert judged("S105", FP8, run) == ["error ask-0"]


def test_fires_when_the_word_is_only_in_the_reasoning() -> None:
    run = asked(recorded(FP8), (OPEN, "Paris? No.</think>Lyon", "stop", "paris"))
    assert judged("S105", FP8, run) == ["error ask-0"]


def test_fires_on_an_answer_that_does_not_stop() -> None:
    run = asked(recorded(FP8), ("q", "Paris. And Lyon. And", "length", "paris"))
    assert judged("S105", FP8, run) == ["error ask-0"]


def test_silent_on_another_case_and_more_words() -> None:
    run = asked(recorded(FP8), (OPEN, "Hm.</think>\n\nThat is PARIS.", "stop", "paris"))
    assert judged("S105", FP8, run) == []


def test_silent_on_reasoning_without_an_end_which_is_another_rule_s() -> None:
    run = asked(recorded(FP8), (OPEN, "Hm, hm", "length", "paris"))
    assert judged("S105", FP8, run) == []


def test_silent_on_text_models_that_go_on() -> None:
    run = asked(recorded(FP8), ("The capital is", " Paris, and", "length", "paris"))
    assert judged("S105", FP8, with_plan(run, kind="text")) == []


def test_silent_on_random_weights() -> None:
    assert judged("S105", FP8, recorded(FP8)) == []
