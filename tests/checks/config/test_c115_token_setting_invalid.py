from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

CONFIG, GENERATION, SETTINGS = "config.json", "generation_config.json", "tokenizer_config.json"
EOS = "eos_token_id"


@pytest.mark.parametrize("value", [384, [372, 384], "372", 37.2, [[372]], -2])
def test_fires_on_an_end_that_is_no_token(value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C115", mixed.config(f"text_config.{EOS}", value)) == [
        f"error {CONFIG}: text_config.{EOS}"
    ]


def test_fires_in_the_generation_config(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(GENERATION, EOS, [372, 999])
    assert findings("C115", broken) == [f"error {GENERATION}: {EOS}"]


@pytest.mark.parametrize(
    ("name", "key", "severity"),
    [
        ("demo", "image_token_id", "warning"),
        ("gemma3-w4a16", "image_token_index", "warning"),
        ("mistral3-fp8", "image_token_index", "error"),  # its class's own is the word +
    ],
)
def test_fires_on_a_placeholder_that_the_class_has_another_id_for(
    name: str, key: str, severity: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).unset(CONFIG, key)
    assert findings("C115", broken) == [f"{severity} {CONFIG}: {key}"]


def test_silent_on_a_placeholder_where_nothing_is_put_in(draft: Drafts, findings: Judge) -> None:
    made = draft("demo").unset(CONFIG, "image_token_id").unset(CONFIG, "vision_config")
    assert findings("C115", made) == []


@pytest.mark.parametrize(("key", "value"), [("pad_token_id", -1), ("image_token_id", 384)])
def test_fires_as_warning(key: str, value: int, mixed: Draft, findings: Judge) -> None:
    assert findings("C115", mixed.config(key, value)) == [f"warning {CONFIG}: {key}"]


@pytest.mark.parametrize(
    ("name", "key", "value", "severity"),
    [
        ("demo", "image_token_id", 7, "error"),
        ("demo", "vision_start_token_id", 300, "error"),
        ("demo", "image_token_id", 376, "warning"),  # <|video_pad|>
        ("gemma3-w4a16", "image_token_index", 7, "error"),
    ],
)
def test_fires_on_a_placeholder_that_is_another_token(
    name: str, key: str, value: int, severity: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("C115", draft(name).config(key, value)) == [f"{severity} {CONFIG}: {key}"]


def test_fires_when_the_named_end_is_no_token(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(SETTINGS, "eos_token", "<|endofturn|>")
    assert findings("C115", broken) == [f"error {SETTINGS}: eos_token"]


def test_fires_as_warning_when_a_turns_end_does_not_end_generation(
    mixed: Draft, findings: Judge
) -> None:
    broken = mixed.edit(GENERATION, EOS, 370)
    assert findings("C115", broken) == [f"warning {GENERATION}: {EOS}"]


def test_fires_as_warning_on_the_template_of_another_model(mixed: Draft, findings: Judge) -> None:
    template = (mixed.path / "chat_template.jinja").read_text()
    broken = mixed.write("chat_template.jinja", template.replace("<|im_end|>", "<|eot_id|>"))
    assert findings("C115", broken) == ["warning chat_template.jinja"]


def test_fires_as_warning_when_nothing_ends_a_text(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").unset("config.json", EOS).unset(GENERATION, EOS)
    broken.unset(SETTINGS, "eos_token")
    assert findings("C115", broken) == [f"warning {GENERATION}: {EOS}"]


@pytest.mark.parametrize("value", [None, [], [372, 370], 0])
def test_silent_on_other_forms_of_an_id(value: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("C115", mixed.config("text_config.bos_token_id", value)) == []


def test_silent_when_chats_end_with_another_token_than_texts(mixed: Draft, findings: Judge) -> None:
    assert findings("C115", mixed.edit(SETTINGS, "eos_token", "<|endoftext|>")) == []


def test_silent_when_the_token_is_added_on_loading(mixed: Draft, findings: Judge) -> None:
    kept = mixed.edit(SETTINGS, "pad_token", {"content": "[PAD]"})
    kept.edit(SETTINGS, "added_tokens_decoder", {"379": {"content": "[PAD]"}})
    assert findings("C115", kept) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unk_token", "<nope>"),
        ("additional_special_tokens", ["<|im_end|>", "<nope>"]),
        ("extra_special_tokens", {"image": "<nope>"}),
    ],
)
def test_fires_as_warning_on_any_special_token_that_is_not_there(
    key: str, value: object, mixed: Draft, findings: Judge
) -> None:
    broken = mixed.edit("tokenizer_config.json", key, value)
    assert findings("C115", broken) == [f"warning tokenizer_config.json: {key}"]


START, END, BEYOND = "<|im_start|>", "<|im_end|>", 999


def around(number: int, *, used: bool = True) -> dict[str, Any]:
    piece = [{"SpecialToken": {"id": START, "type_id": 0}}] if used else []
    single = [*piece, {"Sequence": {"id": "A", "type_id": 0}}]
    tokens = {START: {"id": START, "ids": [number], "tokens": [START]}}
    return {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": tokens}


def id_of(draft: Draft, token: str) -> int:
    added = draft.read("tokenizer.json")["added_tokens"]
    return int(next(entry["id"] for entry in added if entry["content"] == token))


@pytest.mark.parametrize("kind", ["template", "pair", "sequence"])
def test_fires_on_a_token_that_is_put_in_by_another_id(
    kind: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4")
    pair = {"sep": [END, id_of(broken, END)], "cls": [START, BEYOND]}
    parts = {"template": around(BEYOND), "pair": {"type": "BertProcessing", **pair}}
    parts["sequence"] = {"type": "Sequence", "processors": [parts["template"]]}
    broken.edit("tokenizer.json", "post_processor", parts[kind])
    assert findings("C115", broken) == ["error tokenizer.json: post_processor"]


def test_silent_on_a_token_that_is_put_in_by_its_own_id_or_never(
    draft: Drafts, findings: Judge
) -> None:
    kept = draft("llama-nvfp4")
    for part in (around(id_of(kept, START)), around(BEYOND, used=False)):
        kept.edit("tokenizer.json", "post_processor", part)
        assert findings("C115", kept) == []


def test_fires_as_warning_on_a_placeholder_that_is_no_token(draft: Drafts, findings: Judge) -> None:
    broken = draft("mistral3-fp8").config("image_token_index", 383)
    assert findings("C115", broken) == ["warning config.json: image_token_index"]
