import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE, SETTINGS = "tokenizer.json", "tokenizer_config.json"


def test_fires_when_there_is_none(mixed: Draft, findings: Judge) -> None:
    assert findings("C113", mixed.remove(FILE)) == [f"error {FILE}"]


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "[]",
        "{}",
        '{"model": {"vocab": {"a": "b"}}}',
        '{"model": {"vocab": [7]}}',
        '{"model": {"vocab": {"a": -1}}}',
        '{"model": {"vocab": {}}, "added_tokens": [[]]}',
        '{"model": {"vocab": {}}}',
    ],
)
def test_fires_when_it_holds_no_vocabulary(raw: str, mixed: Draft, findings: Judge) -> None:
    found = findings("C113", mixed.write(FILE, raw))
    assert [place.split(":")[0] for place in found] == [f"error {FILE}"]


def test_fires_when_the_settings_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C113", mixed.write(SETTINGS, "[]")) == [f"error {SETTINGS}"]


def test_fires_on_an_algorithm_that_there_is_not(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(FILE, "model.type", "GPE")
    assert findings("C113", broken) == [f"error {FILE}: model.type"]


@pytest.mark.parametrize("kept", [0, 57])
def test_fires_on_merges_that_make_too_few_tokens(kept: int, mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(FILE, "model.merges", mixed.read(FILE)["model"]["merges"][:kept])
    assert findings("C113", broken) == [f"error {FILE}: model.merges"]


def test_silent_on_a_few_tokens_that_no_merge_makes(mixed: Draft, findings: Judge) -> None:
    made = mixed.edit(FILE, "model.merges", mixed.read(FILE)["model"]["merges"][:108])
    assert findings("C113", made) == []


@pytest.mark.parametrize(("part", "severity"), [("pre_tokenizer", "error"), ("decoder", "warning")])
def test_fires_on_a_vocabulary_of_bytes_without_its_part(
    part: str, severity: str, mixed: Draft, findings: Judge
) -> None:
    whole = mixed.read(FILE)[part]
    assert findings("C113", mixed.edit(FILE, part, None)) == [f"{severity} {FILE}: {part}"]
    nested = {"type": "Sequence", f"{part.replace('_', '')}s": [whole]}
    assert findings("C113", mixed.edit(FILE, part, nested)) == []


def test_silent_on_letters_that_stand_for_bytes_elsewhere(mixed: Draft, findings: Judge) -> None:
    """Gemma's vocabulary has them: they are letters of Maltese."""
    model = mixed.read(FILE)["model"]
    vocabulary = {token: number for token, number in model["vocab"].items() if len(token) == 1}
    assert {"\u0120", "\u010a"} <= vocabulary.keys()
    model |= {"vocab": vocabulary, "merges": []}
    made = mixed.edit(FILE, "model", model).edit(FILE, "pre_tokenizer", None)
    made.edit(FILE, "decoder", None).edit(FILE, "added_tokens", [])
    assert findings("C113", made) == []


def test_fires_as_warning_on_a_vocabulary_without_its_merges(mixed: Draft, findings: Judge) -> None:
    broken = mixed.remove(FILE).write("vocab.json", "{}")
    assert findings("C113", broken) == ["warning merges.txt"]
    assert findings("C113", broken.write("merges.txt", "a b\n")) == []


def test_fires_as_warning_when_an_id_is_given_twice(mixed: Draft, findings: Judge) -> None:
    vocabulary = mixed.read(FILE)["model"]["vocab"]
    broken = mixed.edit(FILE, "model.vocab", vocabulary | {"zzzz": 7})
    assert f"warning {FILE}: model.vocab" in findings("C113", broken)


@pytest.mark.parametrize(
    "name", ["tokenizer.model", "tekken.json", "qwen.tiktoken", "tokenization_kimi.py"]
)
def test_silent_when_it_has_another_form(name: str, mixed: Draft, findings: Judge) -> None:
    assert findings("C113", mixed.remove(FILE).write(name, "x")) == []


def test_silent_when_an_added_token_is_in_the_vocabulary_too(mixed: Draft, findings: Judge) -> None:
    vocabulary = mixed.read(FILE)["model"]["vocab"]
    kept = mixed.edit(FILE, "model.vocab", vocabulary | {"<|im_end|>": 372})
    given = [f"info {FILE}: added_tokens"]  # its place in the vocabulary moves the others
    assert findings("C113", kept) == given


def test_silent_when_the_chat_template_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C113", mixed.write("chat_template.jinja", b"\xff")) == []


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("pre_tokenizer", {"type": "Nonsense"}, "pre_tokenizer.type"),
        ("decoder", {"type": "WordPiece"}, "decoder"),
        ("normalizer", [], "normalizer"),
        ("model.merges", [["zz", "qq"]], "model.merges.0"),
        ("version", "9", "version"),
        ("added_tokens", [{"id": 370, "content": "<x>"}], "added_tokens.0"),
    ],
)
def test_fires_on_what_the_library_refuses(
    path: str, value: object, place: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-nvfp4").edit(FILE, path, value)
    assert findings("C113", broken) == [f"error {FILE}: {place}"]
