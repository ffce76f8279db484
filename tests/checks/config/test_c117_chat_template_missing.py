from tests.conftest import Judge
from tests.mutate import Draft

FILE, SETTINGS, GENERATION = (
    "chat_template.jinja",
    "tokenizer_config.json",
    "generation_config.json",
)


def test_fires_when_a_chat_model_has_none(mixed: Draft, findings: Judge) -> None:
    assert findings("C117", mixed.remove(FILE)) == [f"warning {FILE}"]


def test_fires_when_only_the_generation_config_tells(mixed: Draft, findings: Judge) -> None:
    broken = mixed.remove(FILE).unset(SETTINGS, "eos_token")
    assert findings("C117", broken) == [f"warning {FILE}"]


def test_silent_on_a_base_model_that_knows_chat_tokens(mixed: Draft, findings: Judge) -> None:
    kept = mixed.remove(FILE).edit(SETTINGS, "eos_token", "<|endoftext|>")
    kept.edit(GENERATION, "eos_token_id", [370, 372]).config("text_config.eos_token_id", 370)
    assert findings("C117", kept) == []


def test_silent_when_it_is_in_the_settings(mixed: Draft, findings: Judge) -> None:
    assert findings("C117", mixed.remove(FILE).edit(SETTINGS, "chat_template", "{{ m }}")) == []


def test_silent_when_there_are_several(mixed: Draft, findings: Judge) -> None:
    named = [{"name": "default", "template": "{{ m }}"}]
    assert findings("C117", mixed.remove(FILE).edit(SETTINGS, "chat_template", named)) == []


def test_silent_on_mistrals_own_format(mixed: Draft, findings: Judge) -> None:
    assert findings("C117", mixed.remove(FILE).write("tekken.json", "{}")) == []


def test_silent_when_it_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C117", mixed.write(FILE, b"\xff")) == []
