from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "tie_word_embeddings"
HEAD = "lm_head.weight"


def test_fires_when_the_head_is_missing(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").drop(HEAD)
    assert findings("C109", broken) == [f"error config.json: {KEY}"]


def test_fires_when_it_is_missing_and_the_key_is_absent(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").drop(HEAD).unset("config.json", KEY)
    assert findings("C109", broken) == [f"error config.json: {KEY}"]


def test_fires_when_a_tied_model_stores_a_head_of_its_own(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(KEY, value=True)
    assert findings("C109", broken) == ["error lm_head"]


def test_fires_as_note_when_the_head_is_a_copy(draft: Drafts, findings: Judge) -> None:
    same = draft("llama-fp8-dynamic").config(KEY, value=True)
    assert findings("C109", same.copy("model.embed_tokens.weight", HEAD)) == ["info lm_head"]


def test_silent_when_the_two_levels_disagree(mixed: Draft, findings: Judge) -> None:
    assert findings("C109", mixed.config(f"text_config.{KEY}", value=True)) == []


def test_silent_on_a_reward_model(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").drop(HEAD)
    assert findings("C109", kept.config("architectures", ["LlamaForSequenceClassification"])) == []


def test_silent_on_a_tied_model_without_a_head(draft: Drafts, findings: Judge) -> None:
    assert findings("C109", draft("qwen3-nvfp4-tied")) == []
