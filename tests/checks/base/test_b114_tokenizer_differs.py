import json
from typing import Any

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

FILE = "tokenizer.json"


def test_fires_on_exchanged_tokens(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    vocab = changed.read(FILE)["model"]["vocab"]
    one, other = list(vocab)[60:62]
    vocab[one], vocab[other] = vocab[other], vocab[one]
    changed.edit(FILE, "model.vocab", vocab)
    assert compare(changed, "llama") == [f"B114 error {FILE}: vocabulary"]
    assert compare(changed, "llama", words=True)[0].startswith("2 tokens have another id")


def test_fires_on_a_lost_merge(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    merges = changed.read(FILE)["model"]["merges"]
    changed.edit(FILE, "model.merges", merges[:-1])
    assert compare(changed, "llama") == [f"B114 error {FILE}: merges"]


def test_fires_on_another_pre_tokenizer(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "pre_tokenizer", {"type": "Metaspace"})
    assert compare(changed, "llama", words=True) == ["is Metaspace here, ByteLevel in the base"]


def test_fires_on_a_normalizer(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "normalizer", {"type": "Lowercase"})
    assert compare(changed, "llama") == [f"B114 error {FILE}: normalizer"]


def test_fires_on_an_added_token_of_another_id(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "added_tokens.0.id", 383)
    assert f"B114 error {FILE}: added tokens" in compare(changed, "llama")


def test_fires_on_another_end_of_text(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit("tokenizer_config.json", "eos_token", "<|endoftext|>")
    assert compare(changed, "llama") == ["B114 error tokenizer_config.json: eos_token"]


def test_fires_on_a_decoder_with_a_warning(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit(FILE, "decoder", {"type": "Fuse"})
    assert compare(changed, "llama") == [f"B114 warning {FILE}: decoder"]


def respell(draft: Draft) -> Draft:
    """The same tokenizer as an older version of the library writes it."""
    value: dict[str, Any] = draft.read(FILE)
    value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]
    del value["model"]["ignore_merges"]
    value["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [value["pre_tokenizer"]]}
    value["pre_tokenizer"]["pretokenizers"][0].pop("use_regex", None)
    return draft.write(FILE, json.dumps(value, indent=1))


def test_silent_on_another_spelling(draft: Drafts, base: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-nvfp4"), respell(base("llama"))) == []


def test_silent_on_a_padding_token_that_the_user_chose(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4").edit("tokenizer_config.json", "pad_token", "<|im_end|>")
    assert compare(changed, "llama") == []
