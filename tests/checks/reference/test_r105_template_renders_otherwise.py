import pytest

from release.facts.reference.speech import TheirTurn, TheirTurns
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference
FILE, SETTINGS = "chat_template.jinja", "tokenizer_config.json"


def test_fires_when_the_class_knows_a_token_that_no_file_names(draft: Drafts, asked: Asked) -> None:
    text = draft("llama-nvfp4").write(FILE, "{{ bos_token }}{{ messages[0].content }}")
    text.edit(SETTINGS, "tokenizer_class", "LlamaTokenizerFast")
    found = asked("R105", text)
    assert len(found) == 7
    assert found[0].startswith(f"warning {FILE}: conversation 'prompt': at character 0 transf")


def test_fires_when_only_one_of_them_fails(draft: Drafts, asked: Asked) -> None:
    said = TheirTurns("t 9", {"prompt": TheirTurn(error="no such filter")})
    assert asked("R105", draft("llama-nvfp4"), their_turns=said) == [
        f"warning {FILE}: conversation 'prompt': t 9 fails where release renders: no such filter"
    ]


def test_silent_when_both_render_the_same(draft: Drafts, asked: Asked) -> None:
    assert asked("R105", draft("demo")) == []


def test_silent_when_both_fail_or_date_it(draft: Drafts, asked: Asked) -> None:
    dated = "{{ strftime_now('%d %B') }}{% if tools %}{{ raise_exception('no') }}{% endif %}"
    assert asked("R105", draft("llama-nvfp4").write(FILE, dated)) == []


def test_silent_on_a_template_that_was_stopped(draft: Drafts, asked: Asked) -> None:
    """C118 says so; it is not let loose in transformers, which has no limits."""
    loop = "{% for i in range(99999) %}" * 2 + "{% endfor %}" * 2
    assert asked("R105", draft("llama-nvfp4").write(FILE, loop)) == []


def test_silent_without_a_template(draft: Drafts, asked: Asked) -> None:
    assert asked("R105", draft("llama-nvfp4").remove(FILE)) == []
