import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE, SETTINGS = "chat_template.jinja", "tokenizer_config.json"
LOOP = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OPENING = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


@pytest.fixture
def text(draft: Drafts) -> Draft:
    return draft("llama-nvfp4")


@pytest.mark.parametrize("template", ["{% for %}", "{{ m | shout }}", "{% if x %}", b"\xff"])
def test_fires_when_it_does_not_parse(template: bytes | str, mixed: Draft, findings: Judge) -> None:
    assert findings("C118", mixed.write(FILE, template)) == [f"error {FILE}"]


def test_fires_when_one_of_several_does_not_parse(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("additional_chat_templates/tools.jinja", "{% for %}")
    assert findings("C118", broken) == ["error additional_chat_templates/tools.jinja"]


def test_fires_when_it_fails_on_a_users_message(text: Draft, findings: Judge) -> None:
    broken = text.write(FILE, "{{ messages[0].content + 1 }}")
    assert findings("C118", broken) == [f"error {FILE}"]


def test_fires_as_warning_when_it_drops_the_message(text: Draft, findings: Judge) -> None:
    assert findings("C118", text.write(FILE, "hello")) == [f"warning {FILE}"]


def test_fires_on_a_model_of_images_when_no_form_of_message_is_printed(
    mixed: Draft, findings: Judge
) -> None:
    assert findings("C118", mixed.write(FILE, "hello")) == [f"warning {FILE}"]


def test_silent_on_a_model_of_images_that_takes_parts_alone(mixed: Draft, findings: Judge) -> None:
    parts = "{% for m in messages %}{% for p in m.content %}{{ p['text'] + '' }}{% endfor %}"
    assert findings("C118", mixed.write(FILE, parts + "{% endfor %}")) == []


def test_fires_as_warning_when_no_turn_is_opened(text: Draft, findings: Judge) -> None:
    assert findings("C118", text.write(FILE, LOOP)) == [f"warning {FILE}"]


@pytest.mark.parametrize(
    ("template", "severity"),
    [
        (f"{{% set messages = messages[-1:] %}}{LOOP}{OPENING}", "warning"),
        (LOOP.replace("m.content", "m.role == 'user' and m.content") + OPENING, "warning"),
        (f"{{% if messages[1:] %}}{{{{ messages[1] + 1 }}}}{{% endif %}}{LOOP}{OPENING}", "error"),
    ],
)
def test_fires_when_it_drops_or_fails_on_a_conversation(
    template: str, severity: str, text: Draft, findings: Judge
) -> None:
    assert findings("C118", text.write(FILE, template)) == [f"{severity} {FILE}"]


def test_fires_as_warning_when_two_places_differ(text: Draft, findings: Judge) -> None:
    broken = text.write(FILE, LOOP + OPENING).edit(SETTINGS, "chat_template", OPENING + LOOP)
    assert findings("C118", broken) == [f"warning {SETTINGS}"]


def test_silent_when_two_places_differ_in_white_space(text: Draft, findings: Judge) -> None:
    kept = text.write(FILE, LOOP + OPENING)
    assert findings("C118", kept.edit(SETTINGS, "chat_template", f"{LOOP}\n{OPENING} ")) == []


def test_silent_when_processor_and_tokenizer_differ(mixed: Draft, findings: Judge) -> None:
    assert findings("C118", mixed.edit(SETTINGS, "chat_template", LOOP + OPENING)) == []


def test_silent_when_it_refuses_a_system_message(text: Draft, findings: Judge) -> None:
    refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    assert findings("C118", text.write(FILE, refusal + LOOP + OPENING)) == []


def test_silent_when_it_refuses_a_conversation(text: Draft, findings: Judge) -> None:
    refusal = "{% if messages[1:] %}{{ raise_exception('one question only') }}{% endif %}"
    assert findings("C118", text.write(FILE, refusal + LOOP + OPENING)) == []


def test_silent_on_a_format_that_opens_no_turn(text: Draft, findings: Judge) -> None:
    kept = text.write(FILE, "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}")
    assert findings("C118", kept) == []


def test_silent_on_loop_controls_and_marked_answers(text: Draft, findings: Judge) -> None:
    marked = "{% generation %}{% endgeneration %}{% for m in [] %}{% continue %}{% endfor %}"
    assert findings("C118", text.write(FILE, marked + LOOP + OPENING)) == []


def test_silent_when_a_named_template_needs_documents(text: Draft, findings: Judge) -> None:
    named = [{"name": "rag", "template": "{{ documents[0].title }}"}]
    assert findings("C118", text.edit(SETTINGS, "chat_template", named)) == []


def test_silent_when_an_image_model_wants_parts(mixed: Draft, findings: Judge) -> None:
    parts = "{% for p in messages[0].content if p.type == 'text' %}{{ p.text }}{% endfor %}"
    assert findings("C118", mixed.write(FILE, parts)) == []
