import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.smoke.speech import distinct_grams, longest_run, split_thought

OPEN = "<|im_start|>assistant\n<think>\n"


@pytest.mark.parametrize(
    ("prompt", "text", "content", "unclosed"),
    [
        ("q", " Paris. ", "Paris.", False),
        (OPEN, "France, so</think>\n\nParis.", "Paris.", False),
        ("q", "<think>so</think>Paris.", "Paris.", False),
        ("q", "<think>a</think>b<think>c</think>d", "d", False),
        (OPEN, "France, so", "", True),
        ("q", "<think>France, so", "", True),
        (f"{OPEN}\n\n</think>\n\n", "Paris.", "Paris.", False),
    ],
)
def test_reasoning_is_taken_out(prompt: str, text: str, content: str, unclosed: bool) -> None:
    assert split_thought(prompt, text) == (content, unclosed)


@pytest.mark.parametrize(
    ("tokens", "run", "distinct"),
    [
        ([], 0, 1.0),
        ([5], 1, 1.0),
        ([5, 5, 5, 6, 5, 5], 3, 1.0),
        ([7] * 20, 20, round(1 / 17, 4)),
        ([1, 2] * 10, 1, round(2 / 17, 4)),
        (list(range(20)), 1, 1.0),
    ],
)
def test_repetition_is_counted(tokens: list[int], run: int, distinct: float) -> None:
    assert longest_run(tokens) == run
    assert distinct_grams(tokens) == distinct


@given(st.lists(st.integers(0, 3), max_size=60))
def test_measures_keep_their_bounds(tokens: list[int]) -> None:
    assert 0 <= longest_run(tokens) <= len(tokens)
    assert 0 < distinct_grams(tokens) <= 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_content(prompt: str, text: str) -> None:
    content, unclosed = split_thought(prompt, text)
    assert content in text
    assert not (content and unclosed)
