import time
from pathlib import Path

import pytest

from release.facts.rendering import STOPPED, render_template
from release.facts.rendering.conversations import ANSWER, CONVERSATIONS, QUESTION, THOUGHT
from tests.conftest import DEMO

LOOP = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"


def test_a_real_template_prints_every_conversation() -> None:
    rendering = render_template((DEMO / "chat_template.jinja").read_text(), {})
    assert rendering.syntax is None
    assert set(rendering.turns) == set(CONVERSATIONS)
    texts = {name: turn.text or "" for name, turn in rendering.turns.items()}
    assert all(QUESTION in text for text in texts.values())
    assert texts["prompt"].startswith(texts["question"])
    assert len(texts["prompt"]) > len(texts["question"])
    assert ANSWER in texts["tools"]
    assert '"place"' in texts["tools"]


def test_special_tokens_and_the_extensions_are_there() -> None:
    template = (
        "{{ bos_token }}{% generation %}{{ strftime_now('%Y') }}{% endgeneration %}"
        "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}"
        "{{ {'ü': 1} | tojson }}{% endfor %}"
    )
    turn = render_template(template, {"bos_token": "<s>"}).turns["conversation"]
    assert turn.text == '<s>2026-01-01{"ü": 1}'


def test_thinking_reaches_a_template_that_asks_for_it() -> None:
    template = LOOP + "{% if enable_thinking %}{{ messages[1].reasoning_content }}{% endif %}"
    assert THOUGHT in (render_template(template, {}).turns["thinking"].text or "")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% for m in messages %}", "line 1: Unexpected end of template"),
        ("{{ messages[0] ", "line 1:"),
        ("\n\n{% unknown %}", "line 3: Encountered unknown tag 'unknown'"),
        ("{% generation %}x", "line 1: Unexpected end of template"),
    ],
)
def test_syntax_errors_have_a_line(template: str, words: str) -> None:
    assert words in (render_template(template, {}).syntax or "")


def test_a_refusal_is_not_a_failure() -> None:
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + LOOP
    )
    turns = render_template(template, {}).turns
    assert (turns["system"].refused, turns["system"].error) == (True, "no system")
    assert turns["prompt"].text == f"<|user|>{QUESTION}"


def test_a_failure_has_its_reason() -> None:
    turn = render_template("{{ messages[7].content.strip() }}", {}).turns["prompt"]
    assert turn.error.startswith("UndefinedError: ")


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 9000000000 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    ],
)
def test_a_greedy_template_is_stopped(template: str) -> None:
    start = time.monotonic()
    rendering = render_template(template, {})
    assert time.monotonic() - start < 60
    assert rendering.syntax or all(turn.error for turn in rendering.turns.values())


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ messages.append(1) }}",
        "{% include '/etc/hostname' %}",
    ],
)
def test_the_sandbox_holds(template: str) -> None:
    turn = render_template(template, {}).turns["prompt"]
    assert turn.text in {None, ""}, turn


def test_text_that_no_encoding_holds_is_stopped() -> None:
    assert render_template("\ud800", {}).turns["prompt"].error == STOPPED


def test_the_child_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    render_template(LOOP, {})
    assert list(tmp_path.iterdir()) == []
