import pytest

from release.facts.reference.speech import Special, TheirTokenizer
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference


def test_fires_when_texts_do_not_come_back(draft: Drafts, asked: Asked) -> None:
    found = asked("R104", draft("llama-nvfp4").edit("tokenizer.json", "decoder", None))
    assert [each.partition(":")[0] for each in found] == [
        "warning tokenizer.json",
        "info tokenizer.json",
    ]
    assert "loses 3 of 3 sample texts" in found[0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            TheirTokenizer("t 9", moved={"<s>": 7}, moved_count=3),
            "warning tokenizer.json: t 9 gives 3 tokens another id, '<s>' the id 7",
        ),
        (
            TheirTokenizer("t 9", added={"<new>": 384, "<old>": 3}),
            "warning tokenizer_config.json: t 9 adds '<new>' as id 384, beyond vocab_size 384",
        ),
        (
            TheirTokenizer("t 9", special={"<s>": Special(1, kept=False)}),
            "warning tokenizer.json: t 9 does not encode '<s>' as its id 1",
        ),
    ],
)
def test_fires_on_ids(said: TheirTokenizer, message: str, draft: Drafts, asked: Asked) -> None:
    assert asked("R104", draft("llama-nvfp4"), their_tokenizer=said) == [message]


def test_silent_on_a_tokenizer_that_keeps_everything(draft: Drafts, asked: Asked) -> None:
    assert asked("R104", draft("demo")) == []


def test_silent_on_added_tokens_that_the_library_moves(draft: Drafts, asked: Asked) -> None:
    """C113 says so; transformers does as the library does."""
    moved = draft("llama-nvfp4")
    tokens = moved.read("tokenizer.json")["added_tokens"]
    moved.edit("tokenizer.json", "added_tokens", [tokens[0] | {"id": 371}])
    said = TheirTokenizer("t 9", moved={tokens[0]["content"]: 370}, moved_count=1)
    assert asked("R104", moved, their_tokenizer=said) == []


def test_silent_on_the_case_of_letters_and_blanks_at_the_ends(draft: Drafts, asked: Asked) -> None:
    lower = draft("llama-nvfp4").edit("tokenizer.json", "normalizer", {"type": "Lowercase"})
    assert asked("R104", lower) == []
